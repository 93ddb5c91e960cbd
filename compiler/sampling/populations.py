"""The populations of a file by recipe: each is opened once, whoever asks for it."""

from dataclasses import replace

from .count_undefined import count_undefined
from .draw_items import Population, open_population
from .items import Recipe


class Populations:
    """Populations by recipe, each opened once; what an `earlier` check opened is taken over where it is asked for."""

    def __init__(self, earlier: "Populations | None" = None) -> None:
        self._opened: dict[tuple[Recipe, bool], Population] = {}
        self._earlier = earlier._opened if earlier is not None else {}

    def open(self, recipe: Recipe, whole_domain: bool = False) -> Population:
        """The population of a recipe: its splits, or its whole domain."""
        key = (recipe, whole_domain)
        if key not in self._opened:
            known = self._earlier.get(key)
            self._opened[key] = known if known is not None else _open(recipe, whole_domain)
        return self._opened[key]


def _open(recipe: Recipe, whole_domain: bool) -> Population:
    population = open_population(recipe, whole_domain)
    return replace(population, undefined=count_undefined(population))
