"""Random circuits: which components are drawn, and that what they do is the mean of what each of them does."""

import itertools
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from cspec.cli.workflow import check, compile
from cspec.compiler.groundings import Place
from cspec.compiler.lowering.random_circuits import draw_circuits
from cspec.compiler.network_facts import MlpFacts
from cspec.compiler.plan import EvaluateStep
from cspec.lang.diagnostics import SpecError
from cspec.lang.places import IDENTITY

from .test_graphs import TASK, halved, run, verify, write_network

FACTS = MlpFacts(vocabulary=64, inputs=2, embed=1, hidden=(12, 12), classes=2)


def neurons(layer: int, *dims: int) -> Place:
    return Place(0, "hidden", layer, dims, 12, IDENTITY, None)


def test_draws_are_as_many_other_units_of_the_same_layers() -> None:
    cells, beside = [neurons(1, 0, 1), neurons(2, 3)], [neurons(1, 2, 3, 4), neurons(2, 11)]
    drawn = draw_circuits(cells, beside, FACTS, 5, 0).circuits
    assert len(set(drawn)) == 5
    for first, second in drawn:
        assert (first.layer, len(first.dims), second.layer, len(second.dims)) == (1, 2, 2, 1)
        assert set(first.dims) <= {5, 6, 7, 8, 9, 10, 11}
        assert not {*second.dims} & {3, 11}
    assert drawn == draw_circuits(cells, beside, FACTS, 5, 0).circuits
    assert drawn != draw_circuits(cells, beside, FACTS, 5, 1).circuits


def test_where_there_are_few_circuits_all_are_drawn_once() -> None:
    drawn = draw_circuits([neurons(1, 0)], [neurons(1, *range(1, 9))], FACTS, 5, 0).circuits
    assert sorted(circuit[0].dims for circuit in drawn) == [(9,), (10,), (11,)]


@pytest.mark.parametrize("seed", range(4))
def test_as_many_as_there_are_is_all_that_there_are(seed: int) -> None:
    drawn = draw_circuits([neurons(1, 0, 1)], [], FACTS, 60, seed).circuits
    assert sorted(circuit[0].dims for circuit in drawn) == list(itertools.combinations(range(2, 12), 2))


def test_components_that_another_network_lacks_are_not_drawn() -> None:
    narrow = replace(FACTS, hidden=(4, 12))
    drawn = draw_circuits([neurons(1, 0)], [], FACTS, 5, 0, [narrow]).circuits
    assert sorted(circuit[0].dims for circuit in drawn) == [(1,), (2,), (3,)]


def test_where_too_little_is_left_there_is_none() -> None:
    random = draw_circuits([neurons(1, *range(7))], [], FACTS, 5, 0)
    assert random.circuits == ()
    assert random.why == "`hidden[1]` has 5 other units, and 7 are needed"


def drawn_neurons(spec: Path) -> list[list[int]]:
    """The neurons of layer 2 that a claim's one estimand draws, draw by draw."""
    (step,) = (step for step in compile(spec).steps() if isinstance(step, EvaluateStep))
    assert step.grounding is not None
    of = {block.variable: frame.dims for frame in step.grounding.frames for block in frame.blocks}
    return [[dim for variable in draw for dim in of[variable]] for draw in step.draws]


CLAIM = TASK + "circuit pick = { hidden[2][0] }\nclaim c: change({random(pick) := 1} -> odd) <= 0.99%s\n"


def said(x: int, neuron: int) -> bool:
    """The answer where a neuron of layer 2 is 1."""
    made = {1: {"backup_": (1, 0)}, 2: {"backup_": (0, 1)}}.get(neuron, {})
    return bool(run(x, 0, **made)["answer"])


def test_a_whole_domain_has_every_random_circuit(tmp_path: Path) -> None:
    _, document = verify(tmp_path, CLAIM % (7, " exhaustively"))
    draws = drawn_neurons(tmp_path / "e.cspec")
    assert len(draws) == 5
    assert any(neuron in (1, 2) for (neuron,) in draws), "seed: some drawn neuron is read"
    pairs = [(x, y) for x in range(8) for y in range(8)]
    each = [halved((x % 2 != y % 2, int(said(x, neuron) != (x % 2 == 1))) for x, y in pairs) for (neuron,) in draws]
    (verdict,) = document["result"]["verdicts"]
    assert Fraction(verdict["quantities"][0]["exact"]) == sum(each, Fraction(0)) / 5


def test_sampled_items_have_the_random_circuits_in_turn(tmp_path: Path) -> None:
    _, document = verify(tmp_path, CLAIM % (63, ""))
    draws = drawn_neurons(tmp_path / "e.cspec")
    (quantity,) = document["result"]["verdicts"][0]["quantities"]
    (step,) = (step for step in compile(tmp_path / "e.cspec").steps() if isinstance(step, EvaluateStep))
    population = check(tmp_path / "e.cspec").populations.open(
        check(tmp_path / "e.cspec").experiments[0].quantities[0].measurement.recipe
    )
    bases = population.draw("test", quantity["n"]).items.bases[:, 0].tolist()
    flips = [said(x, draws[index % 5][0]) != (x % 2 == 1) for index, x in enumerate(bases)]
    assert quantity["right"] == sum(flips)
    assert step.variables[step.draws[0][0]].endswith("(random 1.1)")


def test_a_circuit_that_leaves_too_little_of_its_layer_is_refused(tmp_path: Path) -> None:
    write_network(tmp_path)
    (tmp_path / "e.cspec").write_text(
        TASK % 63 + "circuit most = { hidden[1][0..6] }\nclaim c: change(random(most) -> odd) <= 0.9\n"
    )
    with pytest.raises(SpecError) as raised:
        check(tmp_path / "e.cspec")
    (problem,) = raised.value.diagnostics
    assert problem.code == "CS479"
    assert "5 other units, and 7 are needed" in problem.message
