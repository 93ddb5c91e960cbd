"""An estimand of an alignment as written -> typed: its variables, network, items, sources and map."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal, cast

from ...claims import Iia, Reading
from ...descent import children_of
from ...diagnostics import Span
from ...domains import Domain
from ...places import Family, Placement, Region, Size
from ...program import Model
from ...scope import AlignmentView, Names, report_not_placed, report_repeated
from ...suggest import listed, suggest
from ...syntax.alignments import FamilySyntax
from ...syntax.claims import EstimandSyntax, OnSyntax
from ...syntax.leaves import Name
from ...unroll.static_index import indexed_name
from ..alignments.blocks import check_blocks
from ..alignments.maps import LEARNED_SIZES, check_map, check_two_values, report_several_sizes
from ..networks.reference import NetworkMeant, check_network_reference
from ..pairs.find_recipe import Recipe, find_recipe

EXCHANGES = ("iia", "cause", "isolate")
"""Estimands of an interchange; the others read a network through an alignment."""


def check_estimand(syntax: EstimandSyntax, names: Names) -> Iia | Reading | None:
    """`iia(A.x -> y on N over P via FAMILY)` and its kin; None after an error."""
    view = names.find(names.alignments, syntax.alignment)
    networks = [check_network_reference(on.network, names) for on in syntax.on]
    if _is_repeated(syntax, names) or view is None or None in networks:
        return None
    return _EstimandChecker(syntax, view, names).check(networks[0] if networks else None)


def _is_repeated(syntax: EstimandSyntax, names: Names) -> bool:
    """Whether a clause is given twice."""
    clauses: dict[str, list[Span]] = {
        "`on`": [on.span for on in syntax.on],
        "`over`": [over[0].span for over in syntax.over],
        "`via`": [via.span for via in syntax.via],
        "`from`": [origin.span for origin in syntax.origin],
    }
    repeated = {clause: spans for clause, spans in clauses.items() if len(spans) > 1}
    for clause, (first, again, *_) in repeated.items():
        report_repeated(names.report, clause, again, first)
    return bool(repeated)


class _EstimandChecker:
    def __init__(self, syntax: EstimandSyntax, view: AlignmentView, names: Names) -> None:
        self.syntax = syntax
        self.view = view
        self.names = names
        self.report = names.report
        self.model: Model | None = names.models.entries.get(view.model)

    def check(self, network: NetworkMeant | None) -> Iia | Reading | None:
        syntax, view, errors = self.syntax, self.view, self.report.errors
        only = self._members()
        if self.report.errors > errors:
            return None
        self._check_variables(only)
        reader = self._reader(only)
        frozen = network is not None and self._is_frozen(syntax.on[0], network)
        via = self._via(syntax.via[0]) if syntax.via else None
        recipe = Recipe(view.pairs, view.pairs_known)
        if syntax.over:
            recipe = find_recipe(syntax.over[0], view.task, self.names, syntax.span, self.report)
        if self.report.errors > errors or not recipe.known:
            return None
        origin = self._origin(syntax.origin[0], only) if syntax.origin else None
        if self.report.errors > errors:
            return None
        used = network or NetworkMeant(view.network, False)
        if syntax.kind.text in EXCHANGES:
            kind = cast(Literal["iia", "cause", "isolate"], syntax.kind.text)
            return Iia(
                view.name,
                only,
                used.name,
                used.random,
                recipe.name,
                kind,
                frozen,
                reader,
                via,
                origin,
                used.ungated,
                span=syntax.span,
            )
        reading = cast(Literal["cae", "probe", "divergence"], syntax.kind.text)
        return Reading(reading, view.name, only, used.name, used.random, recipe.name, frozen, via, span=syntax.span)

    # --- variables

    def _members(self) -> tuple[str, ...] | None:
        """The variables that are named, in the alignment's order; None where none are."""
        if self.syntax.members is None:
            return None
        view = self.view
        seen: dict[str, Name] = {}
        for member in self.syntax.members:
            name = indexed_name(member, self.report)
            if name is None:
                continue
            if name.text not in view.placed:
                report_not_placed(view, name, self.report)
            elif name.text in seen:
                report_repeated(self.report, f"`{name.text}`", name.span, seen[name.text].span)
            seen.setdefault(name.text, name)
        return tuple(name for name in view.placed if name in seen)

    def _check_variables(self, only: tuple[str, ...] | None) -> None:
        """Whether the estimand is about as many variables as its kind is."""
        syntax, view, kind = self.syntax, self.view, self.syntax.kind.text
        if kind == "probe" and (only is None or len(only) != 1):
            self.report.error(
                "CS441",
                "`probe` reads one variable",
                syntax.span,
                help=f"name it: `probe({view.name}.{view.placed[0]})`",
            )
        if kind == "cae" and syntax.members is not None:
            self.report.error(
                "CS441",
                f"`cae` is about all variables of `{view.name}`",
                syntax.members[0].span,
                help=f"write `cae({view.name})`",
            )
        if kind == "cae":
            first, *others = view.placements
            several = [p for p in view.placements if len(_layers_of(p)) > 1]
            other = next((p for p in others if _layers_of(p) != _layers_of(first)), None)
            if several or other is not None:
                found = [(p.variable, _where(p)) for p in several[:1] or [first, *([other] if other else [])]]
                placed = ", ".join(f"`{v}`{' is' if i == 0 else ''} {where}" for i, (v, where) in enumerate(found))
                self.report.error(
                    "CS442",
                    f"`cae` needs all variables at one layer: {placed}",
                    syntax.span,
                    help="declare an alignment that places all of them at one layer",
                )

    def _reader(self, only: tuple[str, ...] | None) -> str | None:
        """The one child that sees the new value; the others are aligned, so that they can be held."""
        syntax, view = self.syntax, self.view
        if syntax.reader is None:
            return None
        if syntax.kind.text not in EXCHANGES or only is None or len(only) != 1:
            edge = "`iia`, `cause` and `isolate` take an edge" if only is not None and len(only) == 1 else ""
            self.report.error(
                "CS441",
                edge or "an edge starts at one variable",
                syntax.reader.span,
                help=f"write `iia({view.name}.{view.placed[0]} -> {syntax.reader.name.text})`",
            )
            return None
        name = indexed_name(syntax.reader, self.report)
        if name is None or self.model is None:
            return None
        (source,) = only
        children = children_of(self.model, source)
        if name.text not in {mechanism.name for mechanism in self.model.mechanisms}:
            self.report.error(
                "CS101",
                f"expected a variable of model `{self.model.name}`, found `{name.text}`",
                name.span,
                help=suggest(name.text, children, "readers"),
            )
            return None
        if name.text not in children:
            self.report.error(
                "CS443",
                f"`{name.text}` does not read `{source}` in model `{self.model.name}`",
                name.span,
                help=f"`{source}` is read by {listed(children)}" if children else f"nothing reads `{source}`",
            )
            return None
        missing = [child for child in children if child != name.text and child not in view.placed]
        if missing:
            verb = "are" if len(missing) > 1 else "is"
            self.report.error(
                "CS444",
                f"{listed(missing)} also read{'' if len(missing) > 1 else 's'} `{source}`, and {verb} not aligned",
                name.span,
                help=f"place {'them' if len(missing) > 1 else 'it'} in `{view.name}`: what reads `{source}` is held",
            )
            return None
        return name.text

    # --- clauses

    def _is_frozen(self, on: OnSyntax, network: NetworkMeant) -> bool:
        if on.frozen and (network.random or network.name == self.view.network):
            self.report.error(
                "CS419",
                "a network that is drawn at random takes over no map"
                if network.random
                else f"`{network.name}` is the network of `{self.view.name}` itself",
                on.network.span,
                help="name another network after `frozen on`, or leave `frozen` out",
            )
        return on.frozen

    def _origin(self, name: Name, only: tuple[str, ...] | None) -> str | None:
        """The alignment in whose network the sources are read: another one that places the same variables."""
        report, view = self.report, self.view
        if self.syntax.kind.text not in EXCHANGES:
            report.error(
                "CS441",
                f"`{self.syntax.kind.text}` takes nothing from a source",
                name.span,
                help="leave `from` out, or claim `iia`",
            )
            return None
        other = self.names.find(self.names.alignments, name)
        if other is None:
            return None
        if other.name == view.name:
            report.error(
                "CS474",
                f"`{name.text}` is the alignment itself",
                name.span,
                help="name another alignment, of another network",
            )
            return None
        if other.model != view.model:
            report.error(
                "CS473",
                f"`{other.name}` places variables of `{other.model}`, and `{view.name}` those of `{view.model}`",
                name.span,
                help="read sources through an alignment of the same model",
            )
            return None
        missing = [variable for variable in only or view.placed if variable not in other.placed]
        if missing:
            report.error(
                "CS473",
                f"alignment `{other.name}` does not place {listed(missing)}",
                name.span,
                help="place the same variables in both alignments",
            )
            return None
        return other.name

    def _via(self, syntax: FamilySyntax) -> tuple[Family, tuple[Size, ...]] | None:
        """The map that replaces all of the alignment's; variables keep their sizes where it states none."""
        found = check_map(syntax, self.report)
        if found is None:
            return None
        via = found.family, found.sizes
        placements = self.view.placements
        searched = all(isinstance(placement.place, Region) for placement in placements)
        if not searched and report_several_sizes(found.sizes, found.span, self.report):
            return None
        if found.family.name == "difference" and not check_two_values(self._domains(), found.span, self.report):
            return None
        moved = [_at(placement.under(via), found.span) for placement in placements]
        kept = next((placement for placement in moved if "learned" in placement.sizes), None)
        if kept is not None and found.family.name not in LEARNED_SIZES:
            self.report.error(
                "CS313",
                f"the size of `{found.family.name}` cannot be learned, and that of `{kept.variable}` is",
                found.span,
                help=f"state it: `via {found.family.text} size 4`",
            )
            return None
        check_blocks(moved, self.names.alignments.entries, self.report)
        return via

    def _domains(self) -> Mapping[str, Domain | None]:
        """The domains of all placed variables; of a family, its members'."""
        if self.model is None:
            return {}
        placed = {m for v in self.view.placed for m in self.model.families.get(v, (v,))}
        return {mechanism.name: mechanism.domain for mechanism in self.model.mechanisms if mechanism.name in placed}


def _at(placement: Placement, span: Span) -> Placement:
    """A placement whose faults are shown where its map was replaced."""
    return replace(placement, place=replace(placement.place, span=span), span=span, size_span=span)


def _layers_of(placement: Placement) -> frozenset[object]:
    """What placements that surely lie at one layer have in common; several of a vector of sites at several layers."""
    place = placement.place
    if not isinstance(place, Region):
        return frozenset((part.component, part.layer, part.module) for part in place.parts)
    if place.layers is not None and len(place.layers) <= 1:
        return frozenset({(place.component, place.layers[0] if place.layers else None, place.module)})
    return frozenset({("line", placement.line)})


def _where(placement: Placement) -> str:
    return f"{'in' if isinstance(placement.place, Region) else 'at'} `{placement.place.text}`"
