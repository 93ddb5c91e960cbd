"""Alignments as they are written: sites and regions, families of maps, placements."""

from dataclasses import field

from ..diagnostics import NOWHERE, Span
from ..record import record
from .leaves import Integer, Name, Text
from .members import ForSyntax, Indexed, PositionSyntax
from .networks import Argument
from .settings import SettingsBlock


@record
class Dims:
    """One number or an inclusive range, in the brackets of a site or as a size."""

    low: Integer
    high: Integer
    span: Span = field(default=NOWHERE, compare=False)


@record
class Star:
    """`*`: all that there are, as alternatives."""

    span: Span = field(default=NOWHERE, compare=False)


@record
class Index:
    """One pair of brackets after a component."""

    entries: tuple[Dims | Star, ...]
    span: Span = field(default=NOWHERE, compare=False)


@record
class SiteSyntax:
    """`resid[2][0..6] @ {x}`, `module("a.b") @ last`; after `in`, what is listed are alternatives."""

    component: Name
    indices: tuple[Index, ...]
    position: PositionSyntax | Star | None = None
    path: Text | None = None
    span: Span = field(default=NOWHERE, compare=False)


@record
class SitesSyntax:
    """`[SITE, SITE]`: one vector after `at`, alternatives after `in`."""

    sites: tuple[SiteSyntax, ...]
    span: Span = field(default=NOWHERE, compare=False)


@record
class InnerSiteSyntax:
    """`outer.left`: the block of a variable that another alignment places."""

    alignment: Name
    variable: Indexed
    span: Span = field(default=NOWHERE, compare=False)


@record
class SizesSyntax:
    """`size 4`, `size learned`, `size [2, 4]`, `size 1..8`."""

    entries: tuple[Dims | Name, ...]
    span: Span = field(default=NOWHERE, compare=False)


@record
class FamilySyntax:
    name: Name
    arguments: tuple[Argument, ...] | None
    sizes: SizesSyntax | None
    span: Span = field(default=NOWHERE, compare=False)


@record
class PlacementSyntax:
    """`x, y at SITE via FAMILY`, or with `in` (`searched`) and a region."""

    variables: tuple[Indexed, ...]
    searched: bool
    place: SiteSyntax | SitesSyntax | InnerSiteSyntax
    family: FamilySyntax | None
    span: Span = field(default=NOWHERE, compare=False)
    relation_span: Span = field(default=NOWHERE, compare=False)


@record
class AlignSyntax:
    name: Name
    model: Name
    network: Name
    over: tuple[Name, ...]
    placements: tuple[PlacementSyntax | ForSyntax[PlacementSyntax], ...]
    fits: tuple[SettingsBlock, ...]
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)
