"""The lowered form of what a claim measures: dataclasses of terms and experiments in, plain JSON values out.

Two specs that mean the same have the same form: names that authors give to networks, alignments and models become
numbers, in order of first appearance.
"""

from dataclasses import MISSING, Field, fields, is_dataclass, replace
from fractions import Fraction
from typing import Any

from ..lang.program import FitSettings
from .experiments import Fitting, Origin
from .metrics import Scored
from .sampling.draw_items import population_key
from .sampling.items import Recipe
from .terms import CORRECT, Expectation, MetricOf, ModelWorld, NetworkWorld


def lowered_form(value: Any) -> Any:
    """A term, grounding, encoding or a collection of these as plain values.

    Raises:
        TypeError: something has no form, so that nothing enters a hash by its address or by accident.
    """
    return _Forms().form(value)


def recipe_form(recipe: Recipe, whole_domain: bool = False) -> str:
    """The population of a recipe as its key (sha256, hex), without the seed: that is a setting of the whole file."""
    return population_key(replace(recipe, seed=0), whole_domain)


class _Forms:
    def __init__(self) -> None:
        self.numbers: dict[tuple[str, str | None], int] = {}

    def form(self, value: Any) -> Any:
        match value:
            case None | str() | bool() | int() | float():
                return value
            case Fraction():
                return [value.numerator, value.denominator]
            case NetworkWorld():
                named = [self.number("network", value.network), self.number("alignment", value.alignment)]
                return ["NetworkWorld", *named, *self.others(value, "network", "alignment")]
            case ModelWorld():
                return ["ModelWorld", self.number("model", value.model), *self.others(value, "model")]
            case Fitting():
                return ["Fitting", self.number("network", value.network), *self.others(value, "network")]
            case Origin():
                return ["Origin", self.number("network", value.network), *self.others(value, "network")]
            case Expectation():  # its population is named for the reader
                return ["Expectation", *self.others(value, "population")]
            case MetricOf(metric=name) if name != CORRECT:  # what it reads is said beside the term
                return ["MetricOf", *self.others(value, "metric")]
            case Scored(table=table, key=None):  # scores of answers come when these are known, after the criterion
                return ["Scored", table.path, table.key, table.value]
            case Recipe():
                return ["Recipe", recipe_form(value)]
            case FitSettings():  # with its defaults spelled out: another default is another search
                return {f.name: getattr(value, f.name) for f in fields(value)}
            case tuple() | list():
                return [self.form(v) for v in value]
            case dict():
                return {str(k): self.form(v) for k, v in value.items()}
        if is_dataclass(value) and not isinstance(value, type):
            return [type(value).__name__, *self.others(value)]
        raise TypeError(f"a {type(value).__name__} has no lowered form")

    def number(self, kind: str, name: str | None) -> int | None:
        """The number of a name among its kind, in order of first appearance."""
        return None if name is None else self.numbers.setdefault((kind, name), len(self.numbers))

    def others(self, value: Any, *without: str) -> list[Any]:
        """The other fields, in order; one at its default says nothing, so that a language that grows moves no lock."""
        named = [f for f in fields(value) if f.compare and not f.metadata.get("name") and f.name not in without]
        return [[f.name, self.form(v)] for f in named if (v := getattr(value, f.name)) != _default(f)]


def _default(field: Field[Any]) -> Any:
    return field.default_factory() if field.default_factory is not MISSING else field.default
