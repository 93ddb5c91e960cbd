"""Fitting maps on the rotated network wired by hand, where a rotation exists that scores exactly 1."""

import shutil
from dataclasses import replace
from pathlib import Path

import cspec
import numpy as np
import pytest
import torch
from cspec.compiler.experiments import Encoding
from cspec.compiler.interpret_terms import Batch, evaluate_in_model, model_batch
from cspec.compiler.plan import EncodeStep, FitStep, ItemsStep, Plan
from cspec.runtime.errors import EnvironmentProblem
from cspec.runtime.evaluate import encode
from cspec.runtime.fit import Fitted, Labelled, agreement, orthonormal, run_fit
from cspec.runtime.networks import load_network
from cspec.runtime.progress import Silent
from cspec.runtime.pyvene_engine import PyveneEngine

CHECKPOINT = Path(__file__).parents[2] / "specs" / "handwired_equality" / "rotated.safetensors"

SPEC = """
task equality {
  input  w, x, y, z: 0..3
  output same: bool
  tokens [w, x, y, z]
  answer same: { false: 0, true: 1 }
}
model both_equalities for equality {
  left:  bool = w == x
  right: bool = y == z
  same = left == right
}
network net = torch("rotated.safetensors")
pairs main for equality { size 2000 }
align das: both_equalities -> net {
  left, right at hidden[2] via rotation size 4
  fit { steps: 100, batch: 128, rate: 0.05, seeds: 2 }
}
claim left: iia(das.left) >= 0.9 exhaustively
"""


class Bench:
    """A compiled fit with its engine and its items."""

    def __init__(self, folder: Path) -> None:
        shutil.copyfile(CHECKPOINT, folder / "rotated.safetensors")
        (folder / "spec.cspec").write_text(SPEC, encoding="utf-8")
        plan: Plan = cspec.compile(folder / "spec.cspec")
        evaluate = plan.step(plan.step(plan.claims[0]).quantities[0].evaluate)  # type: ignore[union-attr]
        step = plan.step(evaluate.candidates[0].fit)  # type: ignore[union-attr, arg-type]
        assert isinstance(step, FitStep)
        self.plan, self.step = plan, step
        self.network = load_network(step.network)
        self.engine = PyveneEngine(self.network, step.grounding, step.variables)
        self.fit, self.select = self.labelled(step.fit), self.labelled(step.select)

    @property
    def encoding(self) -> Encoding:
        encoded = self.plan.step(self.step.fit)
        assert isinstance(encoded, EncodeStep)
        return encoded.encoding

    def labelled(self, key: str) -> Labelled:
        encoded = self.plan.step(key)
        assert isinstance(encoded, EncodeStep)
        step = self.plan.step(encoded.items)
        assert isinstance(step, ItemsStep)
        assert step.split != "whole"
        items = step.population.draw(step.split, step.count).items
        batch = model_batch(step.population, items)
        labels = evaluate_in_model(self.step.score.right, self.step.model, batch)
        tokens = Batch(encode(items, encoded.encoding), batch.members, batch.variables)
        return Labelled(tokens, torch.from_numpy(labels))

    def run(self, *, seed: int | None = None, **settings: float) -> Fitted:
        step = replace(self.step, settings=replace(self.step.settings, **settings))  # type: ignore[arg-type]
        step = step if seed is None else replace(step, seed=seed)
        return run_fit(step, self.engine, self.fit, self.select, self.encoding, Silent())


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("fit"))


@pytest.fixture(scope="module")
def fitted(bench: Bench) -> Fitted:
    return bench.run()


def test_the_rotation_that_undoes_the_wiring_is_found(bench: Bench, fitted: Fitted) -> None:
    assert fitted.select == 1.0
    bench.engine.set_frames(fitted.frames)
    for labelled in (bench.fit, bench.select):
        assert agreement(bench.engine, bench.step, labelled, bench.encoding) == 1.0


def test_its_blocks_span_what_the_equalities_read(fitted: Fitted) -> None:
    """The next layer reads one direction for each equality: each block must hold its own and nothing of the other."""
    (frame,) = fitted.frames
    assert frame is not None
    weight = torch.from_numpy(_tensor("layers.2.weight"))
    for row, own, other in ((0, slice(0, 4), slice(4, 8)), (1, slice(4, 8), slice(0, 4))):
        direction = weight[row] / weight[row].norm()
        assert float((direction @ frame[:, own]).norm()) > 0.8
        assert float((direction @ frame[:, other]).norm()) < 0.6


def test_before_training_the_map_carries_nothing(bench: Bench, fitted: Fitted) -> None:
    untrained = bench.run(steps=1, seeds=1, rate=1e-9)
    assert untrained.select < 0.8 < fitted.select


def test_the_chosen_restart_is_the_first_of_the_best(bench: Bench) -> None:
    fitted = bench.run(steps=6, seeds=4, batch=32)
    scores = [report.select for report in fitted.seeds]
    assert [report.seed for report in fitted.seeds] == [0, 1, 2, 3]
    assert len(set(scores)) > 1
    assert [report.chosen for report in fitted.seeds] == [i == scores.index(max(scores)) for i in range(4)]
    assert fitted.select == max(scores)
    bench.engine.set_frames(fitted.frames)
    assert agreement(bench.engine, bench.step, bench.select, bench.encoding) == max(scores)


def test_a_restart_does_not_depend_on_those_before_it(bench: Bench) -> None:
    one, two = bench.run(steps=6, seeds=1), bench.run(steps=6, seeds=2)
    assert (one.seeds[0].select, one.seeds[0].loss) == (two.seeds[0].select, two.seeds[0].loss)


def test_the_same_step_gives_the_same_map_bit_by_bit(bench: Bench) -> None:
    one = bench.run(steps=20, seeds=1)
    torch.manual_seed(12345)
    torch.rand(3)
    two = bench.run(steps=20, seeds=1)
    other = bench.run(steps=20, seeds=1, seed=7)
    assert one.seeds == two.seeds
    assert one.frames[0] is not None
    assert two.frames[0] is not None
    assert other.frames[0] is not None
    assert torch.equal(one.frames[0], two.frames[0])
    assert not torch.equal(one.frames[0], other.frames[0])


def test_a_fit_leaves_the_random_numbers_of_others_alone(bench: Bench) -> None:
    torch.manual_seed(1)
    expected = torch.rand(4)
    torch.manual_seed(1)
    bench.run(steps=2, seeds=1)
    assert torch.equal(torch.rand(4), expected)


def test_maps_are_orthonormal(fitted: Fitted) -> None:
    (frame,) = fitted.frames
    assert frame is not None
    assert frame.shape == (8, 8)
    torch.testing.assert_close(frame.T @ frame, torch.eye(8), atol=1e-6, rtol=0)


def test_a_batch_may_be_larger_than_the_items(bench: Bench) -> None:
    assert len(bench.fit.batch) < 3000
    assert bench.run(steps=2, seeds=1, batch=3000).seeds[0].loss > 0


def test_the_network_is_not_trained(bench: Bench) -> None:
    before = {name: tensor.clone() for name, tensor in bench.network.state_dict().items()}
    bench.run(steps=3, seeds=1)
    assert all(torch.equal(tensor, before[name]) for name, tensor in bench.network.state_dict().items())
    assert all(parameter.grad is None for parameter in bench.network.parameters())


def test_a_loss_that_is_not_finite_is_the_environments_fault(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    with torch.no_grad():
        bench.network.head.weight *= 1e38
        bench.network.layers[3].weight *= 1e38
    with pytest.raises(EnvironmentProblem, match="not finite") as raised:
        bench.run(steps=3, seeds=1)
    assert raised.value.code == "CS508"


def test_the_nearest_orthonormal_frame() -> None:
    """Of a frame stretched along its own axes it is the frame itself."""
    generator = torch.Generator().manual_seed(4)
    frame = torch.linalg.qr(torch.randn(6, 3, generator=generator)).Q
    torch.testing.assert_close(orthonormal(frame @ torch.diag(torch.tensor([0.5, 1.5, 3.0]))), frame)
    torch.testing.assert_close(orthonormal(frame), frame)


def _tensor(name: str) -> np.ndarray:
    from safetensors.numpy import load_file

    tensor: np.ndarray = load_file(CHECKPOINT)[name]
    return tensor
