"""Positions as written -> typed positions; an input's family in a slot stands for all its tokens."""

from collections.abc import Collection
from dataclasses import dataclass

from .families import families_of, family_name
from .not_built import not_built
from .places import Position
from .scope import Reporter
from .static_index import indexed_name, report_no_member
from .suggest import suggest
from .syntax.members import PositionItem, PositionSyntax


@dataclass(frozen=True)
class SiteScope:
    """What a place's text may refer to: the task's inputs (None: unknown), and the model's variables for hints."""

    inputs: Collection[str] | None
    variables: Collection[str]


def check_positions(
    syntax: PositionSyntax, scope: SiteScope, searched: bool, report: Reporter
) -> tuple[Position, ...] | None:
    """The positions in the order written, each once; None after an error."""
    positions: list[Position] = []
    for item in syntax.items:
        found = _positions(item, scope, searched, report)
        if found is None:
            return None
        again = next((position for position in found if position in positions), None)
        if again is not None:
            report.error("CS315", f"position `{again.text}` is listed twice", item.span, help="list each position once")
            return None
        positions += found
    return tuple(positions)


def _positions(item: PositionItem, scope: SiteScope, searched: bool, report: Reporter) -> list[Position] | None:
    if item.slot is not None:
        return _slot(item, scope, report)
    if item.word is None:
        return [Position(index=item.index)]
    if item.word.text == "last":
        return [Position(index=-1)]
    if item.word.text == "all":
        help = "search every position with `@ *`" if searched else "list the positions: `@ [{x}, {y}, last]`"
        report.add(not_built("the position `all`", item.word.span, help))
        return None
    in_slot = scope.inputs is not None and item.word.text in scope.inputs
    report.error(
        "CS101",
        f"expected a position, found `{item.word.text}`",
        item.word.span,
        help=f"the token of an input is written `{{{item.word.text}}}`"
        if in_slot
        else "a position is `last`, an index such as `3` or `-2`, or an input's token, `{x}`",
    )
    return None


def _slot(item: PositionItem, scope: SiteScope, report: Reporter) -> list[Position] | None:
    assert item.slot is not None
    name = indexed_name(item.slot, report)
    if name is None or scope.inputs is None:
        return None
    if name.text in scope.inputs:
        return [Position(slot=name.text)]
    families = families_of(scope.inputs)
    if name.text in families:
        return [Position(slot=member) for member in families[name.text].members]
    if family_name(name.text) in families:
        report_no_member(name, families[family_name(name.text)], report)
        return None
    report.error(
        "CS101",
        f"expected an input in a slot, found `{name.text}`",
        item.slot.name.span,
        help=suggest(name.text, scope.inputs, "inputs"),
    )
    return None
