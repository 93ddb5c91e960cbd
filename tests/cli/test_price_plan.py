"""Prices of plans against passes that are counted while the plans run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from cspec.cli.workflow import check
from cspec.compiler.pipeline import Checked, compile_spec
from cspec.compiler.plan import EngineName, EvaluateStep, ItemsStep, Plan
from cspec.compiler.pricing import plan_table, price_plan, render_plan
from cspec.compiler.pricing.prices import add_prices
from cspec.runtime.execute import Inline
from cspec.runtime.fitting.fits import Fits
from cspec.runtime.networks import PlainNetwork
from cspec.runtime.progress import Silent
from cspec.runtime.results.store import Store
from cspec.runtime.results.stored_steps import find_stored
from cspec.runtime.scoring.evaluations import Evaluations

from .tools import sampled

LEARNED = """
align das: both_equalities -> net {
  left, right at hidden[1] via %s
  fit { steps: 20, batch: 64, rate: 0.01, seeds: 2, patience: 20 }
}
claim learned: iia(das) >= 0.2
claim sided:   cause(das.left) >= 0.1
claim read:    probe(das.left) >= 0.3
"""
LOOKS = 3 * 20 * 64 // 400
"""How often 400 items of `select` cost less than the steps."""
GIVEN = """
align decided: both_equalities -> net { left at hidden[2][0]  right at hidden[2][1] }
claim given: iia(decided) >= 0.9
"""


WAYS = ("rotation size 2", "rotation size learned", "identity size 2", "pca size 2")


class Plans:
    """Plans of sampled specs; each spec is checked, and its items are drawn, once for all tests that plan it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.checked: dict[str, Checked] = {}

    def __call__(self, body: str, engine: EngineName | None = None) -> Plan:
        if body not in self.checked:
            self.checked[body] = check(sampled(self.folder / str(len(self.checked)), body))
        return compile_spec(self.checked[body], engine)


@pytest.fixture(scope="module")
def plan_of(tmp_path_factory: pytest.TempPathFactory) -> Plans:
    return Plans(tmp_path_factory.mktemp("specs"))


def drawn(plan: Plan, *roles: int) -> set[tuple[int, ...]]:
    """The distinct inputs of some roles among the 512 test items of a plan's one population."""
    (items,) = (step for step in plan.steps() if isinstance(step, ItemsStep) and step.split == "test")
    inputs = items.population.draw("test", 512).items.inputs
    return {tuple(row) for role in roles for row in inputs[:, role].tolist()}


def fit_of(plan: Plan) -> str:
    return next(step.key for step in plan.steps() if step.kind == "Fit")


@pytest.mark.parametrize("engine", ["fused", "hooks"])
@pytest.mark.parametrize("how", WAYS)
def test_fits_take_no_more_passes_than_their_price_and_hardly_fewer(
    plan_of: Plans, tmp_path: Path, count_passes: Callable[[type], Any], how: str, engine: EngineName
) -> None:
    """Patience is as long as the training, and no map of this size is perfect, so that every step is taken."""
    plan = plan_of(LEARNED % how, engine)
    key = fit_of(plan)
    priced, fits, counted = (
        price_plan(plan).first[key],
        Fits(plan, Store(tmp_path / "store"), Silent()),
        count_passes(PlainNetwork),
    )
    torch.set_num_threads(1)
    fits.fit(key)
    assert 0.9 * priced.clean <= counted.clean <= priced.clean
    assert 0.9 * priced.forward <= counted.forward <= priced.forward
    assert priced.backward == (2 * 20 * 64 if "rotation" in how else 0)


@pytest.mark.parametrize("engine", ["fused", "hooks"])
@pytest.mark.parametrize("how", ["rotation size 2", "pca size 2"])
def test_a_vector_of_several_layers_costs_the_run_that_it_is_taken_from(
    plan_of: Plans, tmp_path: Path, count_passes: Callable[[type], Any], how: str, engine: EngineName
) -> None:
    body = (LEARNED % how).replace("at hidden[1]", "at [hidden[1], hidden[2]]")
    plan = plan_of(body, engine)
    key, store = fit_of(plan), Store(tmp_path / "store")
    fits, counted = Fits(plan, store, Silent()), count_passes(PlainNetwork)
    priced = price_plan(plan).first[key]
    fits.fit(key)
    assert 0.9 * priced.clean <= counted.clean <= priced.clean
    assert 0.9 * priced.forward <= counted.forward <= priced.forward
    left = price_plan(plan, find_stored(plan, store)).first
    (step,) = (step for step in plan.steps() if isinstance(step, EvaluateStep) and step.text == "iia(das)")
    counted = count_passes(PlainNetwork)
    Evaluations(plan, store, Fits(plan, store, Silent()), Silent()).scores(step.key, 512)
    assert 0.9 * left[step.key].clean <= counted.clean <= left[step.key].clean
    assert counted.forward == left[step.key].forward == 512


SET = """
network twin = torch("net.safetensors")
claim drawn:  change({hidden[1] := shuffled} -> same on net) <= 0.99
claim noisy:  change({hidden[1] := hidden[1] + noise(0.1)} -> same on net) <= 0.99
claim lent:   change({hidden[2][0] := hidden[1][0]} -> same on net) <= 0.99
claim nested: change({hidden[1] := source, hidden[2][0] := hidden[1][0]} -> same on net) <= 0.99
claim meant:  change({hidden[2][0] := mean(hidden[1][0])} -> same on net) <= 0.99
claim other:  change({hidden[2] := hidden[2] on twin} -> same on net) <= 0.99
"""


READ = """
align decided: both_equalities -> net { left at hidden[2][0]  right at hidden[2][1] }
claim moved: change(w -> decided.left on net) <= 0.99
claim carried: change(hidden[1] -> decided.left on net) <= 0.99
"""


@pytest.mark.parametrize("engine", ["fused", "hooks"])
@pytest.mark.parametrize("body", [SET, READ])
def test_values_take_no_more_passes_than_their_price_and_hardly_fewer(
    plan_of: Plans, tmp_path: Path, count_passes: Callable[[type], Any], body: str, engine: EngineName
) -> None:
    plan = plan_of(body, engine)
    prices, store, counted = price_plan(plan).first, Store(tmp_path / "store"), count_passes(PlainNetwork)
    steps = [step for step in plan.steps() if isinstance(step, EvaluateStep)]
    evaluations = Evaluations(plan, store, Fits(plan, store, Silent()), Silent())
    for step in steps:
        evaluations.scores(step.key, 256)
        evaluations.scores(step.key, 512)
    priced = add_prices(prices[step.key] for step in steps)
    assert len([step for step in steps if not step.text.startswith("random ")]) == body.count("claim")
    assert 0.9 * priced.clean <= counted.clean <= priced.clean
    assert 0.9 * priced.forward <= counted.forward <= priced.forward


ORIGIN = """
network twin = torch("net.safetensors")
align decided: both_equalities -> net { left at hidden[2][0]  right at hidden[2][1] }
align copied: both_equalities -> twin { left, right at hidden[1] via rotation size 2  fit { seeds: 1  steps: 5 } }
claim from_there: iia(decided.left from copied) >= 0.1
"""


@pytest.mark.parametrize("engine", ["fused", "hooks"])
def test_sources_of_another_network_take_no_more_passes_than_their_price_and_hardly_fewer(
    plan_of: Plans, tmp_path: Path, count_passes: Callable[[type], Any], engine: EngineName
) -> None:
    plan = plan_of(ORIGIN, engine)
    store = Store(tmp_path / "store")
    (step,) = (s for s in plan.steps() if isinstance(s, EvaluateStep) and s.text == "iia(decided.left from copied)")
    Fits(plan, store, Silent()).fit(fit_of(plan))
    priced, counted = price_plan(plan, find_stored(plan, store)).first[step.key], count_passes(PlainNetwork)
    evaluations = Evaluations(plan, store, Fits(plan, store, Silent()), Silent())
    evaluations.scores(step.key, 256)
    evaluations.scores(step.key, 512)
    assert 0.9 * priced.clean <= counted.clean <= priced.clean
    assert counted.forward == priced.forward == 512


def test_a_search_for_sites_takes_no_more_passes_than_its_price(
    plan_of: Plans, tmp_path: Path, count_passes: Callable[[type], Any]
) -> None:
    """Loose in `forward`: which places go on is not known, and restarts that are perfect end early."""
    body = LEARNED.replace("at hidden[1]", "in hidden[0..3]") % "rotation size 1"
    plan = plan_of(body)
    key = fit_of(plan)
    priced, fits = price_plan(plan).first[key], Fits(plan, Store(tmp_path / "store"), Silent())
    counted = count_passes(PlainNetwork)
    fits.fit(key)
    assert 0.9 * priced.clean <= counted.clean <= priced.clean
    assert 0.7 * priced.forward <= counted.forward <= priced.forward


@pytest.mark.parametrize("engine", ["fused", "hooks"])
def test_evaluations_take_no_more_passes_than_their_price_and_hardly_fewer(
    plan_of: Plans, tmp_path: Path, count_passes: Callable[[type], Any], engine: EngineName
) -> None:
    """Claims at one site, looked at twice, once their fit is there: so they read the same stage."""
    plan = plan_of(LEARNED % "rotation size 2", engine)
    store = Store(tmp_path / "store")
    fits = Fits(plan, store, Silent())
    steps = [step for step in plan.steps() if isinstance(step, EvaluateStep) and len(step.candidates) == 1]
    for fit in {candidate.fit for step in steps for candidate in step.candidates} - {None}:
        fits.fit(str(fit))
    stored = find_stored(plan, store)
    evaluations = Evaluations(plan, store, Fits(plan, store, Silent()), Silent())
    priced = price_plan(plan, stored)
    own = [step for step in steps if step.text in ("iia(das)", "cause(das.left)", "probe(das.left)")]
    counted = count_passes(PlainNetwork)
    for step in own:
        for look in (256, 512):
            evaluations.scores(step.key, look)
    assert len(own) == 3
    wanted = add_prices(priced.first[step.key] for step in own)
    assert 0.9 * wanted.clean <= counted.clean <= wanted.clean
    assert counted.forward == wanted.forward == sum(512 for step in own if step.text != "probe(das.left)")


@pytest.mark.parametrize("exhaustively", [False, True])
def test_a_given_map_costs_its_items(tmp_path: Path, count_passes: Callable[[type], Any], exhaustively: bool) -> None:
    body = GIVEN.replace("0.9\n", "0.9 exhaustively\n") if exhaustively else GIVEN
    spec = sampled(tmp_path, body)
    if exhaustively:
        spec.write_text(spec.read_text().replace("0..63", "0..2"))
    plan = compile_spec(check(spec))
    price = price_plan(plan)
    counted = count_passes(PlainNetwork)
    (verdict,) = Inline(plan, Store(tmp_path / "store"), Silent()).verdicts()
    items = sum(base * 81 ** len(s) for base, s in ((81, "l"), (81, "r"), (81, "lr"))) if exhaustively else 512
    assert price.claims.forward == items
    assert price.claims.backward == 0
    assert price.claims.clean == (81 if exhaustively else len(drawn(plan, 0, 1, 2)))
    assert price.controls == {}
    assert counted.clean <= price.claims.clean
    assert counted.forward <= price.claims.forward
    assert verdict.outcome == "holds"


def test_flops_are_two_for_each_weight_that_a_position_passes(plan_of: Plans) -> None:
    """The network reads 4 symbols of 6 dims, and has layers of 24, 2 and 2 dims and 2 classes."""
    layers, head = (24 * 24, 24 * 2, 2 * 2), 2 * 2
    plan = plan_of(GIVEN)
    # bases and sources up to hidden[2], bases on to their answers, and from hidden[2] on again with edits
    clean = len(drawn(plan, 0, 1, 2)) * sum(layers[:2]) + len(drawn(plan, 0)) * layers[2] + 512 * head
    assert price_plan(plan).whole.flops == 2 * (clean + 512 * (layers[2] + head))
    whole = price_plan(plan_of(GIVEN, "hooks")).whole
    # two sources, the base with edits and without: whole runs, each as often as it is asked for
    assert whole.flops == 2 * 4 * 512 * (sum(layers) + head)


def test_controls_are_priced_apart_and_nothing_twice(plan_of: Plans) -> None:
    plan = plan_of(LEARNED % "rotation size 1" + GIVEN)
    price = price_plan(plan)
    everything = [price.claims, *price.controls.values()]
    assert add_prices(everything) == price.whole == add_prices(price.steps.values())
    assert list(price.controls) == [
        "random subspace", "scrambled model", "random networks", "input_carries", "child", "divergence"
    ]  # fmt: skip
    steps, checks = 2 * 20 * 64, 2 * LOOKS * 400
    assert price.controls["random networks"].backward == 5 * steps
    assert price.claims.backward == steps
    # the same items as the claim's, on the same network and at the same stage: only the edits differ
    subspace = price.controls["random subspace"]
    assert (subspace.clean, subspace.forward) == (0, 2 * 512)
    assert price.claims.forward == steps + checks + 512 * 3
    text, table = render_plan(plan), plan_table(plan)
    assert f"{price.claims.clean:,}" in next(line for line in text.splitlines() if "the claims" in line)
    assert table["passes"]["all_controls"]["forward"] == price.all_controls.forward
    assert max(map(len, text.splitlines())) <= 100


def test_a_flipped_model_costs_its_fit_and_two_measurements(tmp_path: Path) -> None:
    """Planned only where no input has both equalities: what the two measurements share is priced once."""
    spec = sampled(tmp_path, LEARNED % "rotation size 1")
    assert "flipped model" not in price_plan(compile_spec(check(spec))).controls
    spec.write_text(spec.read_text().replace("  output", "  require not (w == x and y == z)\n  output", 1))
    price = price_plan(compile_spec(check(spec)))
    fit = 2 * (20 * 64 + LOOKS * 400)
    assert price.controls["flipped model"].forward == fit + 4 * 512
    assert price.controls["scrambled model"].backward == 2 * 20 * 64
