"""From experiments to a lock: everything that decides a verdict and can be known before a result is.

What is in it is content: thresholds, seeds, items, sites, maps, budgets, weights. What is not: comments, names that no
number depends on, versions of libraries, engines, threads, paths. Fields that only people read are never compared.
"""

from collections.abc import Mapping
from dataclasses import field, fields
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from ...lang.places import show_dims
from ...lang.program import FitSettings, Settings
from ...lang.record import record
from ..experiments import Control, Experiment, Fitting, Measurement, NetworkFile, Part, Quantity, Ranking
from ..expressions import canonical
from ..keys import content_key, weights_hash
from ..lowered_form import lowered_form, recipe_form
from ..plan import CODE_VERSIONS
from ..planning.autoencoder_keys import autoencoder_parts
from ..sampling.draw_items import LAW
from ..sampling.items import HeldOut

if TYPE_CHECKING:
    from ..pipeline import Checked

FORMAT = 1
"""Raised when a lock of an older format would be misread, or the same claim would be locked under another hash."""


@record
class LockedItems:
    """Where items come from: the population without the seed, the split, and how many (None: the whole domain)."""

    pairs: str = field(compare=False)
    population: str
    split: Literal["test", "whole"]
    count: int | None


@record
class LockedFit:
    """How maps are found: the weights on which they are, the population, items of `fit` and `select`, the settings."""

    weights: str
    population: str
    fit_count: int
    select_count: int
    settings: FitSettings


@record
class LockedQuantity:
    """One estimand: `weights` (sha256), its items, hashes of its term, its sites and maps, and its controls.

    `places` covers where sites and sizes are searched, too.
    """

    estimand: str = field(compare=False)
    weights: str
    items: LockedItems
    measures: str
    places: str
    fit: LockedFit | None
    controls: str


@record
class LockedClaim:
    """One claim. A part is written with `[i]` for the i-th estimand, and all estimands on its left side."""

    parts: tuple[str, ...]
    expectation: str
    exhaustively: bool
    alpha: float
    estimands: tuple[LockedQuantity, ...]


@record
class LockedRecipe:
    """The law of a recipe's inputs: shares of fit, select and test, held-out values by input, conditions."""

    shares: tuple[float, float, float]
    held_out: dict[str, str]
    where: tuple[str, ...]


@record
class LockedWeights:
    """A network's file by the sha256 of its bytes."""

    file: str = field(compare=False)
    sha256: str


@record
class Lock:
    """What a spec commits itself to. `laws` are the versions of how items are drawn and how verdicts are reached."""

    laws: dict[str, int]
    settings: Settings
    weights: dict[str, LockedWeights]
    recipes: dict[str, LockedRecipe]
    claims: dict[str, LockedClaim]

    @cached_property
    def sections(self) -> dict[str, str]:
        """The hash of every section; networks and recipes count by content, whatever they are called."""
        claims = {f"claim {name}": content_key("claim", FORMAT, claim=claim) for name, claim in self.claims.items()}
        return claims | {
            "laws": content_key("laws", FORMAT, laws=self.laws),
            "settings": content_key("settings", FORMAT, settings=self.settings),
            "weights": content_key("weights", FORMAT, weights=sorted({w.sha256 for w in self.weights.values()})),
            "recipes": content_key(
                "recipes", FORMAT, recipes=sorted({content_key("recipe", FORMAT, r=r) for r in self.recipes.values()})
            ),
        }

    @cached_property
    def hash(self) -> str:
        """The sha256 (hex) of all sections."""
        return content_key("lock", FORMAT, sections=self.sections)


def lock_spec(checked: "Checked") -> Lock:
    """The lock of a checked spec. Reads the networks' files once, to hash them.

    Raises OSError where a file has vanished since it was checked.
    """
    measured = [m for e in checked.controlled for q in e.quantities for m in _measurements(q)]
    names = dict.fromkeys(name for m in measured for name in _networks(m))
    weights = {name: _lock_weights(checked.networks[name]) for name in names}
    return Lock(
        laws={"items": LAW, "verdicts": CODE_VERSIONS["decide"]},
        settings=checked.program.settings,
        weights=weights,
        recipes={m.pairs: _lock_recipe(m) for m in measured},
        claims={e.claim.name: _lock_claim(e, weights) for e in checked.controlled},
    )


def _measurements(quantity: Quantity) -> list[Measurement]:
    controls = [quantity.positive_control, *(veto.measurement for veto in quantity.vetoes)]
    return [quantity.measurement, *(m for m in controls if m is not None)]


def _networks(measurement: Measurement) -> tuple[str, ...]:
    """The network that is measured, and those on which its map and its circuits are found."""
    fitting, scored = measurement.fitting, (ranking.score.network for ranking in measurement.rankings)
    return (measurement.network, *(() if fitting is None else (fitting.network,)), *scored)


def _lock_weights(network: NetworkFile) -> LockedWeights:
    return LockedWeights(network.path.name, weights_hash(network.path))


def _lock_recipe(measurement: Measurement) -> LockedRecipe:
    recipe = measurement.recipe
    held_out = {held.input: _held_out(held, recipe.model.domains[held.input].low) for held in recipe.held_out}
    return LockedRecipe(recipe.shares, held_out, tuple(canonical(condition) for condition in recipe.where))


def _held_out(held: HeldOut, low: int) -> str:
    return "by hash" if held.codes is None else show_dims(tuple(low + code for code in held.codes))


def _lock_claim(experiment: Experiment, weights: Mapping[str, LockedWeights]) -> LockedClaim:
    claim = experiment.claim
    reason = "" if claim.expect_reason is None else f"({claim.expect_reason})"
    return LockedClaim(
        parts=tuple(_part_text(part) for part in experiment.parts),
        expectation=f"{claim.expect}{reason}",
        exhaustively=claim.exhaustively,
        alpha=experiment.alpha,
        estimands=tuple(_lock_quantity(q, weights, claim.exhaustively) for q in experiment.quantities),
    )


def _lock_quantity(quantity: Quantity, weights: Mapping[str, LockedWeights], whole: bool) -> LockedQuantity:
    measurement = quantity.measurement
    own = _measurement_form(measurement, weights, whole)
    # the claim's own weights are said once: a control does not change with them
    roles = {name: LockedWeights("", f"network {i}") for i, name in enumerate(_networks(measurement))}

    def control(measurement: Measurement | None) -> dict[str, Any] | None:
        return None if measurement is None else _measurement_form(measurement, {**weights, **roles}, whole)

    controls = {
        "positive": control(quantity.positive_control),
        "vetoes": [[_rest(veto, "measurement", "why"), control(veto.measurement)] for veto in quantity.vetoes],
    }
    return LockedQuantity(
        estimand=quantity.measurement.text,
        weights=own["weights"],
        items=own["items"],
        measures=content_key(
            "measures",
            FORMAT,
            term=own["term"],
            quantity=_rest(quantity, "measurement", "positive_control", "vetoes"),
            **measurement.redefined,
        ),
        places=content_key("places", FORMAT, places=own["places"]),
        fit=own["fit"],
        controls=content_key("controls", FORMAT, **controls),
    )


def _measurement_form(measurement: Measurement, weights: Mapping[str, LockedWeights], whole: bool) -> dict[str, Any]:
    """A measurement by aspect. `term` takes in every field that no other aspect does."""
    split: Literal["test", "whole"] = "whole" if whole else "test"
    count = None if whole else measurement.count
    fitting, fit = measurement.fitting, ("network", "recipe", "fit_count", "select_count", "settings")
    taken = ("text", "pairs", "network", "recipe", "count", "grounding", "fitting", "rankings")
    frames = () if measurement.grounding is None else measurement.grounding.frames
    return {
        "weights": weights[measurement.network].sha256,
        "items": LockedItems(measurement.pairs, recipe_form(measurement.recipe, whole), split, count),
        "term": _rest(measurement, *taken),
        "places": [
            lowered_form(measurement.grounding),
            None if fitting is None else _rest(fitting, *fit),
            *autoencoder_parts(frames).values(),
            *(_lock_ranking(ranking, weights) for ranking in measurement.rankings),
        ],
        "fit": None if fitting is None else _lock_fit(fitting, weights),
    }


def _lock_ranking(ranking: Ranking, weights: Mapping[str, LockedWeights]) -> list[Any]:
    """A search for a circuit: its score, the places that it scores, on how many items, and how many are chosen."""
    score = _measurement_form(ranking.score, weights, whole=False)
    del score["items"]
    places = _rest(ranking, "name", "score", "select_count")
    return [score | ranking.score.redefined, recipe_form(ranking.score.recipe), ranking.select_count, places]


def _lock_fit(fitting: Fitting, weights: Mapping[str, LockedWeights]) -> LockedFit:
    population = recipe_form(fitting.recipe)
    sha256 = weights[fitting.network].sha256
    return LockedFit(sha256, population, fitting.fit_count, fitting.select_count, fitting.settings)


def _rest(value: Measurement | Quantity | Control | Fitting | Ranking, *without: str) -> Any:
    """The lowered form of the fields that are not named, so that a field that is added later cannot be left out.

    One that joined later says nothing at its default.
    """
    named = (f for f in fields(value) if f.name not in without)
    told = {f.name: getattr(value, f.name) for f in named}
    late = {f.name for f in fields(value) if f.metadata.get("later") and told.get(f.name) == f.default}
    return lowered_form({name: part for name, part in told.items() if name not in late})


def _part_text(part: Part) -> str:
    """`[1] - [2] >= 1/5`: T >= 0 with its constant on the right side, in exact fractions."""
    text = ""
    for coefficient, index in part.coefficients:
        joint = (" - " if text else "-") if coefficient < 0 else (" + " if text else "")
        text += f"{joint}{_factor(abs(coefficient))}[{index + 1}]"
    tolerance = f" +- {part.tolerance}" if part.tolerance else ""
    return f"{text} {part.relation} {-part.constant}{tolerance}"


def _factor(size: Fraction) -> str:
    return "" if size == 1 else f"{size} * "
