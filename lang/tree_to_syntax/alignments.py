"""Rules of alignments: sites, families of maps, placements."""

from typing import Any

from ..diagnostics import Span
from ..syntax.alignments import (
    AlignSyntax,
    Dims,
    FamilySyntax,
    Index,
    InnerSiteSyntax,
    PlacementSyntax,
    SitesSyntax,
    SiteSyntax,
    SizesSyntax,
    Star,
)
from ..syntax.expressions import ExpressionSyntax, Number
from ..syntax.leaves import Integer, Name, Text
from ..syntax.members import ForSyntax, Indexed
from ..syntax.settings import SettingsBlock
from .faults import BrokenSyntaxError, explain_odd_index
from .leaves import integer_of, name_of, of_kind, span_of, text_of


def build_align(span: Span, children: list[Any]) -> AlignSyntax:
    name, model, network, over, *items = children
    return AlignSyntax(
        name_of(name),
        name_of(model),
        name_of(network),
        over.names if over else (),
        tuple(item for item in items if isinstance(item, PlacementSyntax | ForSyntax)),
        of_kind(items, SettingsBlock),
        span=span,
    )


def build_placement(span: Span, children: list[Any]) -> PlacementSyntax:
    *variables, relation, place, family = children
    searched = str(relation) == "in"
    return PlacementSyntax(tuple(variables), searched, place, family, span, span_of(relation))


def build_placed_word(span: Span, children: list[Any]) -> Indexed:
    return Indexed(name_of(children[0]), None, span)


def build_site(span: Span, children: list[Any]) -> SiteSyntax:
    component, path, *indices, position = children
    return SiteSyntax(name_of(component), tuple(indices), position, path, span)


def build_sites(span: Span, children: list[Any]) -> SitesSyntax:
    return SitesSyntax(of_kind(children, SiteSyntax), span)


def build_module_path(span: Span, children: list[Any]) -> Text:
    return text_of(children[0])


def build_inner_site(span: Span, children: list[Any]) -> InnerSiteSyntax:
    name, *indices, variable = children
    if not indices:
        return InnerSiteSyntax(name_of(name), variable, span)
    whole = Span(name.start_pos, indices[-1].span.end)
    entry = indices[0].entries[0]
    if len(indices) > 1 or len(indices[0].entries) > 1 or isinstance(entry, Star) or entry.low is not entry.high:
        raise BrokenSyntaxError(explain_odd_index(str(name), indices[-1].span))
    index = entry.low.computed or Number(entry.low.value, entry.low.span)
    return InnerSiteSyntax(Name(str(name), whole, index), variable, span)


def build_index(span: Span, children: list[Any]) -> Index:
    return Index(tuple(children), span)


def build_dims(span: Span, children: list[Any]) -> Dims:
    low = _end_of(children[0])
    return Dims(low, _end_of(children[1]) if len(children) > 1 else low, span)


def _end_of(expression: ExpressionSyntax) -> Integer:
    if isinstance(expression, Number) and expression.value >= 0:
        return Integer(expression.value, expression.span)
    return Integer(0, expression.span, expression)


def build_size_dims(span: Span, children: list[Any]) -> Dims:
    low = integer_of(children[0])
    return Dims(low, integer_of(children[1]) if children[1] else low, span)


def build_star(span: Span, children: list[Any]) -> Star:
    return Star(span)


def build_any_position(span: Span, children: list[Any]) -> Star:
    return Star(span)


def build_family(span: Span, children: list[Any]) -> FamilySyntax:
    name, arguments, sizes = children
    return FamilySyntax(name_of(name), arguments, sizes, span)


def build_sizes(span: Span, children: list[Any]) -> SizesSyntax:
    entries = tuple(children[1:])
    return SizesSyntax(entries, Span(entries[0].span.start, entries[-1].span.end))


def build_size_word(span: Span, children: list[Any]) -> Name:
    return name_of(children[0])
