"""Fitting maps on the networks wired by hand, where it is known what can be found."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cspec
import numpy as np
import pytest
import torch
from cspec.compiler.budgets import CHECKS
from cspec.compiler.experiments import Encoding
from cspec.compiler.groundings import Block, Frame, Grounding, Inside
from cspec.compiler.interpret_terms import Batch, evaluate_in_model, model_batch
from cspec.compiler.plan import EncodeStep, FitStep, ItemsStep, Plan
from cspec.compiler.schedule import NAIVE
from cspec.compiler.terms import OutputOf
from cspec.lang.places import Family, FamilyName
from cspec.runtime.engines import Engine, open_engine, open_network
from cspec.runtime.errors import EnvironmentProblem
from cspec.runtime.fitting.fit import member_codes, run_fit
from cspec.runtime.fitting.fitted import Fitted, map_content, read_fitted, restore_maps, write_fitted
from cspec.runtime.fitting.kept_trainings import KeptTrainings
from cspec.runtime.fitting.objective import Labelled, Objective, Score
from cspec.runtime.fitting.training_state import TrainingState
from cspec.runtime.maps import NestedMap, open_map
from cspec.runtime.progress import Silent
from cspec.runtime.results.store import Store
from cspec.runtime.scoring.encode import encode
from cspec.tests.equality import EQUALITY

FOLDER = Path(__file__).parents[2] / "specs" / "handwired_equality"

SPEC = (
    EQUALITY % 3
    + """
network net = torch("rotated.safetensors")
pairs main for equality { size 2000 }
align das: both_equalities -> net {
  left, right at hidden[LAYER] via rotation size 4
  fit { steps: 100, batch: 128, rate: 0.05, seeds: 2 }
}
claim left: iia(das.left) >= 0.9 exhaustively
"""
)


class NothingKept(KeptTrainings):
    """However long a fit takes, the next one starts anew."""

    def keep(self, key: str, state: Callable[[], TrainingState], ended: bool) -> None:
        """Keep nothing."""


NOTHING_KEPT = NothingKept(Store(Path("never written")), ())


class Bench:
    """A compiled fit with its network and its items; the grounding is a rotation unless another is asked for."""

    def __init__(self, folder: Path, checkpoint: str = "rotated", layer: int = 2) -> None:
        shutil.copyfile(FOLDER / f"{checkpoint}.safetensors", folder / "rotated.safetensors")
        (folder / "spec.cspec").write_text(SPEC.replace("LAYER", str(layer)), encoding="utf-8")
        plan: Plan = cspec.compile(folder / "spec.cspec")
        evaluate = plan.step(plan.step(plan.claims[0]).quantities[0].evaluate)  # type: ignore[union-attr]
        step = plan.step(evaluate.candidates[0].fit)  # type: ignore[union-attr, arg-type]
        assert isinstance(step, FitStep)
        self.plan, self.step = plan, step
        self.opened = open_network(step.network)
        self.fit, self.select = self.labelled(step.fit), self.labelled(step.select)
        self.engine = self.open(step.grounding)

    @property
    def encoding(self) -> Encoding:
        encoded = self.plan.step(self.step.fit)
        assert isinstance(encoded, EncodeStep)
        return encoded.encoding

    def open(self, grounding: Grounding) -> Engine:
        maps = tuple(open_map(frame) for frame in grounding.frames)
        return open_engine("fused", self.opened, self.encoding, grounding, self.step.variables, maps)

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
        codes = self.step.model.run(items.bases, {})
        values = tuple(torch.from_numpy(codes[variable]) for variable in self.step.variables)
        return Labelled(tokens, torch.from_numpy(labels), values)

    def run(
        self,
        grounding: Grounding | None = None,
        *,
        seed: int | None = None,
        engine: Engine | None = None,
        **settings: float,
    ) -> Fitted:
        """A fit with a fresh engine, which is then `self.engine`."""
        step = replace(self.step, settings=replace(self.step.settings, **settings))  # type: ignore[arg-type]
        step = replace(step, seed=step.seed if seed is None else seed)
        if grounding is not None:  # the plan's schedule is for the rotation
            step = replace(step, grounding=grounding, schedule=NAIVE)
        self.engine = engine or self.open(step.grounding)
        return run_fit(step, self.engine, self.fit, self.select, self.encoding, Silent(), NOTHING_KEPT)

    def score(self, items: Labelled) -> Score:
        """The score of the last fit's maps."""
        objective = Objective(self.engine, self.step.score.left, self.encoding, self.fit, self.select)
        return objective.score(objective.ask(items))


def frame(
    family: str, *blocks: tuple[int, int], dims: range = range(8), learned: bool = False, inside: Inside | None = None
) -> Frame:
    """A frame at `hidden[2]`; blocks are (variable, size)."""
    name, *arguments = family.split()
    placed, start = [], 0
    for variable, size in blocks:
        placed.append(Block(variable, start, start + size))
        start += size
    kind = Family(name, tuple(int(a) for a in arguments))  # type: ignore[arg-type]
    return Frame("hidden", 2, tuple(dims), 8, kind, tuple(placed), learned_size=learned, inside=inside)


def wired(place: Frame) -> Frame:
    """The same frame where the plain network holds what the rotated one turns: at `hidden[1]`."""
    return replace(place, layer=1)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("fit"))


@pytest.fixture(scope="module")
def fitted(bench: Bench) -> Fitted:
    return bench.run()


def test_the_rotation_that_undoes_the_wiring_is_found(bench: Bench, fitted: Fitted) -> None:
    assert fitted.select == 1.0
    bench.engine = bench.open(bench.step.grounding)
    restore_maps(bench.engine.maps, fitted)
    for labelled in (bench.fit, bench.select):
        assert bench.score(labelled).agreement == 1.0


def test_its_blocks_span_what_the_equalities_read(fitted: Fitted) -> None:
    """The next layer reads one direction for each equality: each block must hold its own and nothing of the other."""
    frame = fitted.maps[0]["weight"]
    weight = torch.from_numpy(_tensor("layers.2.weight"))
    for row, own, other in ((0, slice(0, 4), slice(4, 8)), (1, slice(4, 8), slice(0, 4))):
        direction = weight[row] / weight[row].norm()
        assert float((direction @ frame[:, own]).norm()) > 0.8
        assert float((direction @ frame[:, other]).norm()) < 0.6


def test_before_training_the_map_carries_nothing(bench: Bench, fitted: Fitted) -> None:
    untrained = bench.run(steps=1, seeds=1, rate=1e-9)
    assert untrained.select < 0.8 < fitted.select


def test_the_chosen_restart_is_the_first_of_the_best(bench: Bench) -> None:
    fitted = bench.run(steps=6, seeds=4, batch=32, rate=0.01)
    scores = [report.select for report in fitted.seeds]
    assert [report.seed for report in fitted.seeds] == [0, 1, 2, 3]
    assert len(set(scores)) > 1
    assert [report.chosen for report in fitted.seeds] == [i == scores.index(max(scores)) for i in range(4)]
    assert fitted.select == max(scores)
    assert bench.score(bench.select).agreement == max(scores)


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
    assert map_content(one) == map_content(two) != map_content(other)


def test_a_fit_leaves_the_random_numbers_of_others_alone(bench: Bench) -> None:
    torch.manual_seed(1)
    expected = torch.rand(4)
    torch.manual_seed(1)
    bench.run(steps=2, seeds=1)
    assert torch.equal(torch.rand(4), expected)


def test_maps_are_orthonormal(fitted: Fitted) -> None:
    frame = fitted.maps[0]["weight"]
    assert frame.shape == (8, 8)
    torch.testing.assert_close(frame.T @ frame, torch.eye(8), atol=1e-6, rtol=0)


def test_a_batch_may_be_larger_than_the_items(bench: Bench) -> None:
    assert len(bench.fit.batch) < 3000
    assert bench.run(steps=2, seeds=1, batch=3000).seeds[0].loss > 0


def test_the_network_is_not_trained(bench: Bench) -> None:
    before = {name: tensor.clone() for name, tensor in bench.opened.network.state_dict().items()}
    bench.run(steps=3, seeds=1)
    assert all(torch.equal(tensor, before[name]) for name, tensor in bench.opened.network.state_dict().items())
    assert all(parameter.grad is None for parameter in bench.opened.network.parameters())


def test_a_loss_that_is_not_finite_is_the_environments_fault(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    with torch.no_grad():
        for name in ("head.weight", "layers.3.weight"):
            bench.opened.network.get_parameter(name).mul_(1e38)
    with pytest.raises(EnvironmentProblem, match="not finite") as raised:
        bench.run(steps=3, seeds=1)
    assert raised.value.code == "CS508"


def test_a_training_is_checked_twenty_times(bench: Bench) -> None:
    (report,) = bench.run(steps=60, seeds=1, rate=0.003, patience=20).seeds
    assert report.what == "restart 1"
    assert [point.step for point in report.trace] == [3 * (check + 1) for check in range(CHECKS)]
    assert report.steps == 60
    assert report.loss == report.trace[-1].loss
    assert report.select == max(point.select for point in report.trace)
    assert report.trace[0].loss > report.trace[-1].loss


def test_a_short_training_looks_no_more_than_its_steps_cost(bench: Bench) -> None:
    """Of 400 items of `select` and batches of 16, 25 steps are worth three looks; each costs as much as its runs."""
    assert len(bench.select) == bench.step.select_count == 400
    (report,) = bench.run(steps=25, seeds=1, batch=16, rate=0.003).seeds
    assert [point.step for point in report.trace] == [8, 17, 25]
    (report,) = bench.run(steps=3, seeds=1, batch=16, rate=0.003).seeds
    assert [point.step for point in report.trace] == [3]


def test_the_best_checked_state_is_kept_and_not_the_last(bench: Bench) -> None:
    """A rate far too high makes the score jump from check to check."""
    fitted = bench.run(steps=40, seeds=8, rate=2.0, batch=8, patience=40)
    for report in fitted.seeds:
        assert report.select == max(point.select for point in report.trace)
    assert any(report.trace[-1].select < report.select for report in fitted.seeds)
    assert bench.score(bench.select).agreement == fitted.select


def test_training_stops_when_patience_is_spent(bench: Bench) -> None:
    (report,) = bench.run(steps=100, seeds=1, rate=1e-9, patience=3).seeds
    assert [point.step for point in report.trace] == [5, 10, 15, 20]  # the first check is the best, three are no better
    assert report.steps == 20


def test_training_stops_at_the_second_perfect_check_in_a_row(fitted: Fitted) -> None:
    """Fewer than the hundred steps that were allowed, and no perfect pair before the last."""
    scores = [point.select for point in fitted.seeds[0].trace]
    assert fitted.seeds[0].steps < 100
    assert scores[-2:] == [1.0, 1.0]
    assert all(scores[i : i + 2] != [1.0, 1.0] for i in range(len(scores) - 2))


def test_what_a_fit_found_survives_the_store(bench: Bench, fitted: Fitted, tmp_path: Path) -> None:
    learned = bench.run(Grounding((frame("rotation", (0, 0), (1, 0), learned=True),)), steps=20, seeds=1)
    for found in (fitted, learned):
        store = Store(tmp_path)
        store.save("ab" * 32, *write_fitted(found))
        stored = store.load("ab" * 32)
        assert stored is not None
        again = read_fitted(*stored)
        assert (again.seeds, again.sizes, again.select) == (found.seeds, found.sizes, found.select)
        assert map_content(again) == map_content(found)


# --- other families --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """The network whose neurons 0..3 hold the left equality and 4..7 the right one, at `hidden[1]`."""
    return Bench(tmp_path_factory.mktemp("plain"), "handwired_equality", layer=1)


NEURONS = [0, 0, 0, 0, 1, 1, 1, 1]


def test_the_search_finds_the_wired_neurons(plain: Bench) -> None:
    fitted = plain.run(Grounding((wired(frame("identity", (0, 4), (1, 4))),)))
    greedy, window = fitted.seeds
    assert (greedy.what, window.what) == ("greedy", "window")
    assert greedy.select == window.select == fitted.select == 1.0
    assert (greedy.chosen, window.chosen) == (True, False)
    assert fitted.maps[0]["owner"].tolist() == NEURONS
    assert (greedy.steps, window.steps) == (8 + 7 + 6 + 5 + 4 + 3 + 2 + 1, 2 + 1)
    assert plain.score(plain.select).agreement == 1.0


def test_no_choice_of_neurons_finds_what_a_rotation_hides(bench: Bench) -> None:
    assert bench.run(Grounding((frame("identity", (0, 4), (1, 4)),))).select < 0.8


def test_masks_find_the_wired_neurons(plain: Bench) -> None:
    fitted = plain.run(Grounding((wired(frame("identity", (0, 0), (1, 0), learned=True)),)), steps=400, seeds=1)
    assert fitted.select == 1.0
    assert fitted.maps[0]["owner"].tolist() == NEURONS
    assert fitted.sizes == ((4, 4),)


def test_boundaries_shrink_to_what_the_network_reads(bench: Bench) -> None:
    """Four directions hold each equality, of which the next layer reads one."""
    fitted = bench.run(Grounding((frame("rotation", (0, 0), (1, 0), learned=True),)), steps=600, seeds=1)
    assert fitted.select == 1.0
    (sizes,) = fitted.sizes
    assert sizes is not None
    assert all(1 <= size <= 4 for size in sizes)
    assert fitted.maps[0]["sizes"].tolist() == list(sizes)
    assert bench.score(bench.select).agreement == 1.0


def test_a_training_is_checked_only_once_sizes_are_settled(bench: Bench) -> None:
    (report,) = bench.run(
        Grounding((frame("rotation", (0, 0), (1, 0), learned=True),)), steps=100, seeds=1, patience=1
    ).seeds
    assert [point.step for point in report.trace] == [75, 80, 85, 90, 95, 100][: len(report.trace)]
    assert len(report.trace) >= 2  # the first check is the best so far, the next may end it
    assert report.select == max(point.select for point in report.trace)


def test_a_revnet_finds_what_a_rotation_finds(bench: Bench) -> None:
    fitted = bench.run(Grounding((frame("revnet 2 8", (0, 4), (1, 4)),)), steps=400, rate=0.02)
    assert fitted.select == 1.0
    assert bench.score(bench.fit).agreement > 0.99


def test_closed_forms_read_what_a_linear_direction_carries(plain: Bench) -> None:
    """At `hidden[2]` one neuron is each equality, so means and probes find it, and the components are those two."""
    families: tuple[FamilyName, ...] = ("difference", "probe", "pca")
    for family in families:
        place = Frame("hidden", 2, (0, 1), 2, Family(family), (Block(0, 0, 1), Block(1, 1, 2)))
        fitted = plain.run(Grounding((place,)))
        (report,) = fitted.seeds
        assert (report.what, report.steps, report.chosen, report.trace) == ("closed form", 0, True, ())
        if family == "difference":
            torch.testing.assert_close(fitted.maps[0]["weight"], torch.eye(2), atol=0.05, rtol=0)
        if family != "pca":
            assert fitted.select == 1.0
        assert report.select == plain.score(plain.select).agreement


def test_frames_of_all_kinds_are_found_together(plain: Bench) -> None:
    """Left in closed form, searched or given on its own neurons, right trained on its own: one run patches both."""
    trained = wired(frame("rotation", (1, 2), dims=range(4, 8)))
    for left, kinds in (
        (frame("identity", (0, 4), dims=range(4)), ["restart 1"]),
        (frame("difference", (0, 1), dims=range(4)), ["restart 1"]),
        (frame("identity", (0, 3), dims=range(4)), ["greedy", "window", "restart 1"]),
    ):
        fitted = plain.run(Grounding((wired(left), trained)), steps=200, seeds=1)
        assert [report.what for report in fitted.seeds] == kinds
        assert fitted.seeds[-1].chosen
        assert fitted.select == fitted.seeds[-1].select == plain.score(plain.select).agreement
        assert fitted.select > 0.8
        assert len(fitted.maps) == 2


def test_dims_are_searched_without_the_maps_that_are_still_unknown(plain: Bench) -> None:
    """Only items whose sets hold `left` alone are scored: a map that is not trained yet spoils nothing."""
    frames = (frame("identity", (0, 3), dims=range(4)), frame("rotation", (1, 1), dims=range(4, 8)))
    fitted = plain.run(Grounding(tuple(wired(place) for place in frames)), steps=1, rate=1e-9, seeds=1)
    greedy, _, untrained = fitted.seeds
    assert greedy.select > 0.8 > untrained.select


def test_a_map_inside_a_block_reads_that_block_and_leaves_the_outer_map(bench: Bench, fitted: Fitted) -> None:
    outer = bench.step.grounding.frames[0]
    for block, name in ((0, "left"), (1, "right")):
        inner = frame("rotation", (block, 2), inside=Inside(outer, block))
        engine = bench.open(Grounding((inner,)))
        (nested,) = engine.maps
        assert isinstance(nested, NestedMap)
        nested.hold(fitted.maps[0])
        alone = Objective(engine, bench.step.score.left, bench.encoding, bench.fit, bench.select)
        step_items = alone.without(tuple(v for v in bench.step.variables if v != name))
        score = replace(bench.step.score, left=_assigning(bench, name))
        step = replace(bench.step, grounding=Grounding((inner,)), score=score)
        found = run_fit(step, engine, step_items.fit, step_items.select, bench.encoding, Silent(), NOTHING_KEPT)
        assert found.select > 0.95
        assert torch.equal(found.maps[0]["outer.weight"], fitted.maps[0]["weight"])
        assert found.maps[0]["inner.weight"].shape == (4, 2)


def test_members_codes_are_the_digits_of_their_tuple() -> None:
    digits = torch.tensor([[0, 2, 1], [1, 0, 3], [1, 2, 3]])
    codes = digits[:, 0] + 2 * digits[:, 1] + 2 * 3 * digits[:, 2]
    assert torch.equal(member_codes(codes, (2, 3, 4)), digits)


def _assigning(bench: Bench, name: str) -> OutputOf:
    """The fit's query with this variable's assignment alone."""
    query = bench.step.score.left
    assignments = tuple(a for a in query.run.assignments if a.target == name)
    return replace(query, run=replace(query.run, assignments=assignments))


def _tensor(name: str) -> np.ndarray:
    from safetensors.numpy import load_file

    tensor: np.ndarray = load_file(FOLDER / "rotated.safetensors")[name]
    return tensor
