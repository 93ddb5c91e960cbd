"""Positions as written -> typed positions; an input's family in a slot stands for all its tokens."""

from collections.abc import Collection

from ...families import families_of, family_name
from ...places import EVERY_TOKEN, PARTS, Position, SlotPart
from ...record import record
from ...scope import Reporter
from ...suggest import did_you_mean, suggest
from ...syntax.members import PositionItem, PositionSyntax
from ...unroll.static_index import indexed_name, report_no_member


@record
class SiteScope:
    """What a place's text may refer to: what stands in a slot (None: unknown), and the model's variables for hints.

    `slots` are the task's inputs, or, of a prompt (`prompted`), what its slots are called. `loader` is what reads the
    network that is meant (None: unknown).
    """

    slots: Collection[str] | None
    variables: Collection[str]
    prompted: bool = False
    loader: str | None = None


def check_positions(syntax: PositionSyntax, scope: SiteScope, report: Reporter) -> tuple[Position, ...] | None:
    """The positions in the order written, each once; None after an error."""
    positions: list[Position] = []
    for item in syntax.items:
        found = _positions(item, scope, report)
        if found is None:
            return None
        again = next((position for position in found if position in positions), None)
        if again is not None:
            report.error("CS315", f"position `{again.text}` is listed twice", item.span, help="list each position once")
            return None
        positions += found
    return tuple(positions)


def _positions(item: PositionItem, scope: SiteScope, report: Reporter) -> list[Position] | None:
    if item.slot is not None:
        return _slot(item, scope, report)
    if item.word is None:
        return [Position(index=item.index)]
    if item.word.text == "last":
        return [Position(index=-1)]
    if item.word.text == "all":
        return [EVERY_TOKEN]
    in_slot = scope.slots is not None and item.word.text in scope.slots
    report.error(
        "CS101",
        f"expected a position, found `{item.word.text}`",
        item.word.span,
        help=f"the token of an input is written `{{{item.word.text}}}`"
        if in_slot
        else "a position is `last`, `all`, an index such as `3` or `-2`, or an input's token, `{x}`",
    )
    return None


def _slot(item: PositionItem, scope: SiteScope, report: Reporter) -> list[Position] | None:
    assert item.slot is not None
    name = indexed_name(item.slot, report)
    part = _part(item, report)
    if name is None or part is None or scope.slots is None:
        return None
    if name.text in scope.slots:
        return [Position(slot=name.text, part=part)]
    families = families_of(scope.slots)
    if name.text in families:
        return [Position(slot=member, part=part) for member in families[name.text].members]
    if family_name(name.text) in families:
        report_no_member(name, families[family_name(name.text)], report)
        return None
    if scope.prompted:
        report.error(
            "CS182",
            f"expected a slot of the prompt, found `{name.text}`",
            item.slot.name.span,
            help=near
            if (near := did_you_mean(name.text, scope.slots))
            else f"name a slot of every template so: `{{{name.text}}}`, or `{{... as {name.text}}}`",
        )
        return None
    report.error(
        "CS101",
        f"expected an input in a slot, found `{name.text}`",
        item.slot.name.span,
        help=suggest(name.text, scope.slots, "inputs"),
    )
    return None


def _part(item: PositionItem, report: Reporter) -> SlotPart | None:
    """Which of a slot's tokens are meant."""
    if item.part is None:
        return "last"
    part = next((part for part in PARTS if part == item.part.text), None)
    if part is None:
        report.error(
            "CS315",
            f"expected a part of a slot's tokens, found `{item.part.text}`",
            item.part.span,
            help="write `{x}.first`, `{x}.last` or `{x}.all`",
        )
    return part
