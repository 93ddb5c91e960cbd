"""Opening spaces: from a recipe and a split to the cells of bases and of sources, linked where `where` says so."""

from collections.abc import Sequence
from dataclasses import field, replace

import numpy as np

from ...lang.expressions import Apply, Expression
from ...lang.record import record
from ..causal_model import CausalModel, Codes
from ..expressions import Column, evaluate
from .conditions import conditions_of
from .items import Recipe, Split
from .links import split_links
from .open_role import link_sources, open_role
from .relations import TooLargeError, product
from .spaces import SAMPLED, Space
from .splits import region_of

FEW_KEYS = 1 << 12
"""Of links that cannot all be met by construction, those are that read at most so many values of a base together."""


class Patience:
    """How many sources may still be drawn where links are met by rejection: none once too few go with their base."""

    MOST, RAREST, IN_ALL = 1 << 20, 2048, 1 << 21

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Begin anew: what was drawn so far does not count."""
        self.left, self.in_all = self.MOST, self.IN_ALL

    @property
    def is_over(self) -> bool:
        """Whether the links count as too rare."""
        return self.left <= 0 or self.in_all <= 0

    def drawn(self, count: int, hits: int) -> None:
        """So many sources were drawn, and so many of them go with their base."""
        self.left = min(self.MOST, self.left - count + self.RAREST * hits)
        self.in_all -= count


@record
class Spaces:
    """The bases and the sources of one split, and the conditions that link them.

    `rejected` are those links that are too large to be met by construction: they are met by bounded rejection of
    sources. Without aligned variables, `source` is `base`.
    """

    base: Space
    source: Space
    links: tuple[Expression, ...]
    rejected: tuple[Expression, ...] = ()
    patience: Patience = field(default_factory=Patience, repr=False, compare=False)

    @property
    def rare(self) -> str:
        """Why sources are no longer drawn, if so."""
        return "sources that go with their base are too rare to be drawn" if self.patience.is_over else ""


def open_spaces(recipe: Recipe, split: Split | None, key: int) -> Spaces:
    """The spaces of a split (None: the whole domain). `key` seeds the pools where tables would grow too large."""
    region = region_of(recipe, split)
    conditions = conditions_of(recipe)
    if not recipe.variables:
        base = open_role(recipe, region, conditions.base, key)
        return Spaces(base, base, ())
    source = open_role(recipe, region, conditions.source, key)
    if not conditions.links:
        base = source if conditions.base == conditions.source else open_role(recipe, region, conditions.base, key)
        return Spaces(base, source, ())
    alone: Space | None = None
    for built in _constructions(recipe.model, conditions.links):
        links = split_links(recipe.model, built)
        try:
            if not links.read_inputs and alone is None:
                same = conditions.base == conditions.source
                alone = source if same else open_role(recipe, region, conditions.base, key)
            linked = link_sources(recipe, region, links, source, None if links.read_inputs else alone)
            base = open_role(recipe, region, conditions.base, key, linked)
        except TooLargeError:
            continue
        rest = tuple(link for link in conditions.links if link not in built)
        return Spaces(base, _noted(linked, rest), conditions.links, rest)
    base = open_role(recipe, region, conditions.base, key)
    return Spaces(base, _noted(source, conditions.links), conditions.links, conditions.links)


def _constructions(model: CausalModel, links: tuple[Expression, ...]) -> list[tuple[Expression, ...]]:
    """Which links are to be met by construction, best first: all; the equalities and what reads little; equalities."""
    equalities: tuple[Expression, ...] = tuple(
        link for link in links if isinstance(link, Apply) and link.operator == "=="
    )
    few = equalities
    for link in sorted(links, key=lambda link: _most_keys(model, (link,))):
        if link not in few and _most_keys(model, (*few, link)) <= FEW_KEYS:
            few = (*few, link)
    return [built for built in dict.fromkeys((links, few, equalities)) if built]


def _most_keys(model: CausalModel, links: tuple[Expression, ...]) -> float:
    """A bound on how many values what some links read of a base has."""
    return product([reading.domain.size for reading in split_links(model, links).readings])


def _noted(space: Space, rejected: tuple[Expression, ...]) -> Space:
    return replace(space, how=f"{space.how}; links to the base {SAMPLED}") if rejected else space


def link_holds(recipe: Recipe, links: Sequence[Expression], bases: Codes, sources: Codes) -> Column:
    """Which bases and sources (codes, shape [item, input]) satisfy every link; 0 or 1, shape [item]."""
    values = {}
    for index, (name, domain) in enumerate(zip(recipe.model.input_names, recipe.model.input_domains, strict=True)):
        values[f"base.{name}"] = bases[:, index] + domain.low
        values[f"source.{name}"] = sources[:, index] + domain.low
    mask = np.ones(len(bases), dtype=np.int64)
    for link in links:
        mask &= evaluate(link, values, len(bases))
    return mask
