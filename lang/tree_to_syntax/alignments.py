"""Rules of alignments: sites, families of maps, placements."""

from typing import Any

from ..diagnostics import Span
from ..syntax.alignments import (
    AlignSyntax,
    Dims,
    Entry,
    FamilySyntax,
    Index,
    InnerSiteSyntax,
    PlacementSyntax,
    SitesSyntax,
    SiteSyntax,
    SizesSyntax,
    Star,
)
from ..syntax.leaves import Name, Text
from ..syntax.members import ForSyntax, Indexed
from ..syntax.settings import SettingsBlock
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


def build_entry(span: Span, children: list[Any]) -> Entry:
    return Entry(children[0], children[-1], span)


def build_inner_site(span: Span, children: list[Any]) -> InnerSiteSyntax:
    return InnerSiteSyntax(name_of(children[0]), children[1], span)


def build_index(span: Span, children: list[Any]) -> Index:
    return Index(tuple(children), span)


def build_dims(span: Span, children: list[Any]) -> Dims:
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
