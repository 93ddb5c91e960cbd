"""Random circuits beside claims: what they do there is what plain Python counts of each that is drawn."""

import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from cspec.cli.workflow import check, compile
from cspec.compiler.pipeline import compile_spec
from cspec.compiler.plan import EngineName, EvaluateStep
from cspec.compiler.pricing import price_plan
from cspec.runtime.fitting.fits import Fits
from cspec.runtime.networks.stages import PlainNetwork
from cspec.runtime.progress import Silent
from cspec.runtime.results.store import Store
from cspec.runtime.scoring.evaluations import Evaluations

from .test_graphs import TASK, halved, run, verify
from .tools import EQUALITY, WIRED

NAME = "random circuits"
PICK = "circuit pick = { hidden[2][0] }\n"
ENGINES: tuple[EngineName, ...] = ("fused", "hooks", "pyvene")


def beside(spec: Path) -> EvaluateStep:
    """The evaluation of the random circuits of a spec's one effect of a circuit."""
    (step,) = (s for s in compile(spec).steps() if isinstance(s, EvaluateStep) and s.text.startswith(NAME))
    return step


def drawn_neurons(step: EvaluateStep) -> list[int]:
    """The neuron of layer 2 that each draw is."""
    assert step.grounding is not None
    of = {block.variable: frame.dims for frame in step.grounding.frames for block in frame.blocks}
    return [of[variable][0] for (variable,) in step.draws]


def said(x: int, n: int, neuron: int, value: float) -> bool:
    """The answer where a neuron of layer 2 has a value."""
    own = run(x, n)
    backup = list(own["backup_"])
    if neuron == 0:
        return bool(run(x, n, carried=value)["answer"])
    if neuron in (1, 2):
        backup[neuron - 1] = value
    return bool(run(x, n, backup_=tuple(backup))["answer"])


def controls(document: Any) -> list[dict[str, Any]]:
    return [row for verdict in document["result"]["verdicts"] for row in verdict["controls"]]


PAIRS = [(x, y) for x in range(8) for y in range(8)]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("claimed", [">= 0.1", "<= 0.9", "== 0.5 +- 0.4"])
def test_they_stand_beside_an_effect_whichever_way_it_is_bounded(
    engine: EngineName, claimed: str, tmp_path: Path
) -> None:
    text = f"claim c: change({{pick := 1}} -> odd) {claimed} exhaustively\n"
    status, document = verify(tmp_path, TASK % 7 + PICK + text, "--engine", engine)
    neurons = drawn_neurons(beside(tmp_path / "e.cspec"))
    assert status == 0
    assert len(set(neurons)) == 5
    assert 0 not in neurons
    each = [
        halved((x % 2 != y % 2, int(said(x, 0, neuron, 1) != (x % 2 == 1))) for x, y in PAIRS) for neuron in neurons
    ]
    assert len(set(each)) > 1, "seed: what is drawn differs in what it does"
    (row,) = controls(document)
    assert (row["name"], row["needed"], row["met"], row["method"]) == (NAME, "", None, "exact")
    assert row["estimate"] == float(sum(each, Fraction(0)) / 5)


def test_a_signed_effect_of_the_circuit_is_beside_that_of_each_draw_in_turn(tmp_path: Path) -> None:
    _, document = verify(tmp_path, TASK % 63 + PICK + "claim c: effect({pick := 1} -> correct) <= -0.1\n")
    (row,) = controls(document)
    spec, step = tmp_path / "e.cspec", beside(tmp_path / "e.cspec")
    recipe = check(spec).experiments[0].quantities[0].measurement.recipe
    bases = check(spec).populations.open(recipe).draw("test", row["n"]).items.bases.tolist()
    neurons = drawn_neurons(step)
    gains = [int(said(x, n, neurons[i % 5], 1) == (x % 2 == 1)) - 1 for i, (x, n) in enumerate(bases)]
    assert row["n"] == len(gains)
    assert row["estimate"] == pytest.approx(sum(gains) / len(gains), abs=1e-12)
    assert min(gains) == -1


@pytest.mark.parametrize(("more", "relation", "met"), [(0, ">=", True), (0.01, ">=", False), (0.4, "<=", False)])
def test_it_is_said_where_they_meet_a_claim_that_asks_for_an_effect(
    more: float, relation: str, met: bool, tmp_path: Path
) -> None:
    """The circuit itself changes half of the answers, and of the five that are drawn those that are read do."""
    text = TASK % 7 + PICK + "claim c: change({pick := 1} -> odd) %s %s exhaustively\n"
    verify(tmp_path, text % (">=", "0.5"))
    read = [neuron in (1, 2) for neuron in drawn_neurons(beside(tmp_path / "e.cspec"))]
    reached = 0.5 * sum(read) / len(read)
    assert 0 < reached < 0.2
    status, document = verify(tmp_path, text % (relation, reached + more))
    (verdict,) = document["result"]["verdicts"]
    assert (status, verdict["outcome"]) == (0, "holds")
    assert verdict["controls"][0]["estimate"] == reached
    assert any("drawn at random, meet the bound, too" in note for note in verdict["notes"]) == met


UNDRAWN = {
    "circuit most = { hidden[1][0..6] }\nclaim c: change(most -> odd) >= 0.1\n": "5 other units, and 7 are needed",
    PICK + "claim c: change({pick := hidden[1][3]} -> odd) >= 0.1\n": "no engine runs",
    "circuit one = { hidden[1][0] }\nclaim c: change(one -> odd given rest(backup)) <= 0.9\n": "may be a part of it",
}


@pytest.mark.parametrize("text", UNDRAWN)
def test_where_none_can_be_drawn_it_is_said_why(text: str, tmp_path: Path) -> None:
    status, document = verify(tmp_path, TASK % 63 + text)
    assert status == 0
    (row,) = [row for row in controls(document) if row["name"] == NAME]
    assert row["estimate"] is None
    assert UNDRAWN[text] in row["why"]


def test_nothing_stands_beside_what_has_no_counterpart(tmp_path: Path) -> None:
    """A whole layer, an input, and a circuit that is random itself."""
    claims = ("change(hidden[2] -> odd)", "change(x -> odd)", "change({random(pick) := 1} -> odd)")
    text = "".join(f"claim c{index}: {claim} <= 0.95\n" for index, claim in enumerate(claims))
    status, document = verify(tmp_path, TASK % 63 + PICK + text)
    assert status == 0
    assert controls(document) == []


def test_one_circuit_in_two_estimands_is_replaced_in_both(tmp_path: Path) -> None:
    """Its direct effect is all of its effect: the difference is 0 for whatever is drawn, and a bound of 0 is met."""
    text = "claim c: change({pick := 1} -> odd) - change({pick := 1} -> odd given hidden[1]) >= 0 exhaustively\n"
    status, document = verify(tmp_path, TASK % 7 + PICK + text)
    (verdict,) = document["result"]["verdicts"]
    first, second = verdict["controls"]
    assert status == 0
    assert first["estimate"] == second["estimate"]
    assert first["estimate"] < 0.5, "the circuit's own effect, beside which the difference would not be 0"
    notes = [note for note in verdict["notes"] if "drawn at random" in note]
    assert len(notes) == 1


@pytest.mark.parametrize("engine", ["fused", "hooks"])
@pytest.mark.parametrize(("whole", "passes"), [("", 1024), (" exhaustively", 5 * 81 * 81)])
def test_they_take_as_many_passes_as_their_price(
    engine: EngineName, whole: str, passes: int, tmp_path: Path, count_passes: Callable[[type], Any]
) -> None:
    """A sampled one is made on 1,024 items; of a whole domain every item has each circuit."""
    shutil.copy(WIRED, tmp_path)
    text = EQUALITY if whole else EQUALITY.replace("0..2", "0..63") + "pairs main for equality { size 8_000 }\n"
    text += 'network wired = torch("wired.safetensors")\ncircuit first = { hidden[1][0..2] }\n'
    (tmp_path / "e.cspec").write_text(text + f"claim c: change({{first := 1}} -> same) >= 0.01{whole}\n")
    plan = compile_spec(check(tmp_path / "e.cspec"), engine)
    (step,) = (s for s in plan.steps() if isinstance(s, EvaluateStep) and s.text.startswith(NAME))
    priced, store = price_plan(plan), Store(tmp_path / "store")
    counted = count_passes(PlainNetwork)
    evaluations = Evaluations(plan, store, Fits(plan, store, Silent()), Silent())
    evaluations.scores(step.key, None if whole else 1024)
    assert counted.forward == priced.first[step.key].forward == priced.controls[NAME].forward == passes


SEARCHED = "circuit best = top 1 of hidden[2][*] by change({it := 1} -> odd)\n"


def changes(neuron: int) -> Fraction:
    """The share of the whole domain's items, halves alike, on which a neuron of layer 2 set to 1 changes the answer."""
    return halved((x % 2 != y % 2, int(said(x, 0, neuron, 1) != (x % 2 == 1))) for x, y in PAIRS)


def test_beside_a_circuit_that_is_found_are_as_many_sites_of_its_region(tmp_path: Path) -> None:
    """The first of those that change most is found; what is drawn may be any of the region."""
    text = SEARCHED + "claim c: change({best := 1} -> odd) <= 0.9 exhaustively\n"
    status, document = verify(tmp_path, TASK % 7 + text)
    neurons = drawn_neurons(beside(tmp_path / "e.cspec"))
    (verdict,) = document["result"]["verdicts"]
    row = next(row for row in verdict["controls"] if row["name"] == NAME)
    assert status == 0
    assert len(set(neurons)) == 5
    assert len(set(map(changes, neurons))) > 1, "seed: what is drawn differs in what it does"
    assert row["estimate"] == float(sum(map(changes, neurons), Fraction(0)) / 5)
    assert verdict["quantities"][0]["exact"] == str(changes(0))


def test_random_sites_of_a_region_stand_in_a_claim(tmp_path: Path) -> None:
    """Beside what is held one neuron is left, and it is drawn every time; where none is, the claim is refused."""
    held = "change({random(best) := 1} -> odd given %s) <= 0.9 exhaustively\n"
    text = SEARCHED
    for neuron, others in enumerate(("hidden[2][1..11]", "hidden[2][0], hidden[2][2..11]")):
        text += f"claim c{neuron}: {held % others}"
    status, document = verify(tmp_path, TASK % 7 + text)
    assert status == 0
    exact = [verdict["quantities"][0]["exact"] for verdict in document["result"]["verdicts"]]
    assert exact == [str(changes(0)), str(changes(1))]
    status, document = verify(tmp_path, TASK % 7 + SEARCHED + f"claim c: {held % 'hidden[2]'}")
    (problem,) = document["diagnostics"]
    assert (status, problem["code"]) == (2, "CS479")
    assert "its region has 0 sites that nothing else uses, and 1 are needed" in problem["message"]


@pytest.mark.parametrize("engine", ENGINES)
def test_given_rest_what_other_draws_set_is_held(engine: EngineName, tmp_path: Path) -> None:
    """Of a neuron in either layer, set to 1, the first can change the answer by way of the second layer alone, and all
    of that is held but the second one: which another draw might have set."""
    text = "settings { seed: 9 }\ncircuit two = { hidden[1][5], hidden[2][5] }\n"
    text += "claim c: change({two := 1} -> odd given rest) <= 0.9 exhaustively\n"
    status, document = verify(tmp_path, TASK % 7 + text, "--engine", engine)
    step = beside(tmp_path / "e.cspec")
    assert step.grounding is not None
    of = {block.variable: (f.layer, f.dims[0]) for f in step.grounding.frames for block in f.blocks}
    draws = [dict(of[variable] for variable in draw[:2]) for draw in step.draws]
    moved = {draw[1] for draw in draws if draw[1] < 2 < draw[2]}  # neuron 0 moves the second layer's 0, and 1 its 1
    assert moved & {draw[2] for draw in draws}, "seed: what one draw would move another one sets"
    (row,) = controls(document)
    assert status == 0
    assert row["estimate"] == float(sum((changes(draw[2]) for draw in draws), Fraction(0)) / 5)
