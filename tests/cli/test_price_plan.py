"""Prices of plans against passes that are counted while the plans run."""

from pathlib import Path

import pytest
import torch
from cspec.cli.workflow import check
from cspec.compiler.pipeline import compile_spec
from cspec.compiler.price_plan import Price, price_plan
from cspec.compiler.render_plan import plan_table, render_plan
from cspec.runtime.execute import Inline
from cspec.runtime.fits import Fits
from cspec.runtime.networks import PlainNetwork
from cspec.runtime.progress import Silent
from cspec.runtime.store import Store
from torch import Tensor

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
GIVEN = """
align decided: both_equalities -> net { left at hidden[2][0]  right at hidden[2][1] }
claim given: iia(decided) >= 0.9
"""


class Counted:
    """Rows that went into networks, from here on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.forward = 0
        start = PlainNetwork.start
        for kind in PlainNetwork.__subclasses__():
            start = kind.start

            def count(network: PlainNetwork, tokens: Tensor, start: object = start) -> Tensor:
                self.forward += len(tokens)
                return start(network, tokens)  # type: ignore[operator,no-any-return]

            monkeypatch.setattr(kind, "start", count)


@pytest.mark.parametrize("how", ["rotation size 2", "rotation size learned", "identity size 2", "pca size 2"])
def test_fits_take_no_more_passes_than_their_price_and_hardly_fewer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    checked = check(sampled(tmp_path, LEARNED % how))
    plan = compile_spec(checked)
    price, fits = price_plan(plan), Fits(plan, Store(tmp_path / "store"), Silent())
    key = next(step.key for step in plan.steps() if step.kind == "Fit")
    counted = Counted(monkeypatch)
    torch.set_num_threads(1)
    fits.fit(key)
    priced = price.steps[key]
    assert 0.9 * priced.forward <= counted.forward <= priced.forward
    assert priced.backward == (2 * 20 * 64 if "rotation" in how else 0)


def test_a_search_for_sites_takes_no_more_passes_than_its_price(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = LEARNED.replace("at hidden[1]", "in hidden[0..3]") % "rotation size 1"
    plan = compile_spec(check(sampled(tmp_path, body)))
    price, fits = price_plan(plan), Fits(plan, Store(tmp_path / "store"), Silent())
    key = next(step.key for step in plan.steps() if step.kind == "Fit")
    counted = Counted(monkeypatch)
    fits.fit(key)
    assert 0.7 * price.steps[key].forward <= counted.forward <= price.steps[key].forward


@pytest.mark.parametrize("exhaustively", [False, True])
def test_a_given_map_costs_its_items(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exhaustively: bool) -> None:
    body = GIVEN.replace("0.9\n", "0.9 exhaustively\n") if exhaustively else GIVEN
    spec = sampled(tmp_path, body)
    if exhaustively:
        spec.write_text(spec.read_text().replace("0..63", "0..2"))
    plan = compile_spec(check(spec))
    price = price_plan(plan)
    counted = Counted(monkeypatch)
    (verdict,) = Inline(plan, Store(tmp_path / "store"), Silent()).verdicts()
    items = sum(base * 81 ** len(s) for base, s in ((81, "l"), (81, "r"), (81, "lr"))) if exhaustively else 512
    # a base, the intervened base, and a source for each of two variables
    assert price.claims == Price(4 * items)
    assert price.controls == {}
    assert counted.forward <= price.claims.forward
    assert verdict.outcome == "holds"


def test_controls_are_priced_apart_and_nothing_twice(tmp_path: Path) -> None:
    plan = compile_spec(check(sampled(tmp_path, LEARNED % "rotation size 1" + GIVEN)))
    price = price_plan(plan)
    everything = [price.claims, *price.controls.values()]
    for way in ("forward", "backward"):
        assert sum(getattr(one, way) for one in everything) == sum(getattr(one, way) for one in price.steps.values())
    assert list(price.controls) == [
        "random subspace", "scrambled model", "random networks", "input_carries", "child", "divergence"
    ]  # fmt: skip
    fit = Price(2 * (20 * 64 + 20 * 400) * 3, 2 * 20 * 64)
    assert price.controls["random networks"].backward == 5 * fit.backward
    assert price.controls["random subspace"] == Price(2 * 512 * 4 + 512 * 2)
    assert price.claims.backward == fit.backward
    text, table = render_plan(plan), plan_table(plan)
    assert f"  claims: {price.claims.forward:,} forward, {price.claims.backward:,} backward\n" in text
    assert f"    random subspace: {price.controls['random subspace'].forward:,} forward\n" in text
    assert table["passes"]["all_controls"]["forward"] == price.all_controls.forward


def test_a_flipped_model_costs_its_fit_and_two_measurements(tmp_path: Path) -> None:
    """Planned only where no input has both equalities: what the two measurements share is priced once."""
    spec = sampled(tmp_path, LEARNED % "rotation size 1")
    assert "flipped model" not in price_plan(compile_spec(check(spec))).controls
    spec.write_text(spec.read_text().replace("  output", "  require not (w == x and y == z)\n  output", 1))
    price = price_plan(compile_spec(check(spec)))
    fit = Price(2 * (20 * 64 + 20 * 400) * 3, 2 * 20 * 64)
    evaluated = Price(512 * 4)
    two_claims = fit.plus(evaluated.times(4))
    assert price.controls["flipped model"] == two_claims
    assert price.controls["scrambled model"].backward == fit.backward
