"""Random vectors beside steering: as long as what is added, in a few directions that items have in turn."""

import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import torch
from cspec.compiler.groundings import Block, Frame
from cspec.compiler.terms import Assignment, Here, NetworkWorld, Number, Plus, RandomVector, Run
from cspec.lang.places import IDENTITY, Family
from cspec.runtime.engines.changes import change_to
from cspec.runtime.maps.open_map import open_map
from transformers import AutoConfig, AutoModelForCausalLM

from .test_graphs import TASK, verify

NAME = "random vectors"
LANGUAGE_MODEL = Path(__file__).parents[1] / "golden" / "good" / "lm"


def rows(document: Any) -> list[dict[str, Any]]:
    return [row for verdict in document["result"]["verdicts"] for row in verdict["controls"]]


@pytest.mark.parametrize("engine", ["fused", "hooks", "pyvene"])
def test_of_one_unit_they_add_or_take_away_as_much(engine: str, tmp_path: Path) -> None:
    """Adding 3 makes every answer odd, which moves it by 1/2; taking 3 away makes it even, by -1/2. Both signs come
    among the five directions, whichever of the two is claimed."""
    claims = "".join(
        f"claim {name}: effect({{hidden[2][0] := hidden[2][0] {sign} 3}} -> odd) {claimed} exhaustively\n"
        for name, sign, claimed in (("more", "+", ">= 0.4"), ("less", "-", "<= -0.4"))
    )
    status, document = verify(tmp_path, TASK % 7 + claims, "--engine", engine)
    more, less = rows(document)
    assert status == 0
    assert [verdict["quantities"][0]["exact"] for verdict in document["result"]["verdicts"]] == ["1/2", "-1/2"]
    assert more["name"] == less["name"] == NAME
    assert more["estimate"] == less["estimate"]
    assert more["estimate"] in [float(Fraction(2 * k - 5, 10)) for k in range(1, 5)]
    assert (more["method"], more["needed"], more["met"]) == ("exact", "", None)


def test_beside_a_number_that_is_added_to_a_variable(tmp_path: Path) -> None:
    """A number that is added to a variable's place is no value of it: of its one unit, it is as of the unit itself."""
    bit = """
model by_bit for first {
  bit: bool = x // 2 * 2 != x
  odd = bit
}
align placed: by_bit -> wired { bit at hidden[2][0] }
claim c: effect({placed.bit := placed.bit + 3} -> odd) >= 0.4 exhaustively
"""
    status, document = verify(tmp_path, TASK % 7 + bit)
    [verdict] = document["result"]["verdicts"]
    [row] = [row for row in verdict["controls"] if row["name"] == NAME]
    assert status == 0
    assert verdict["quantities"][0]["exact"] == "1/2"
    assert row["estimate"] in [float(Fraction(2 * k - 5, 10)) for k in range(6)]


def test_a_value_that_no_input_of_fit_has_is_named_with_the_remedy(tmp_path: Path) -> None:
    """All inputs on which `low` is true are held out, and what its block then holds is known of none."""
    low = """
pairs late for first { holdout x in 0..2 }
model by_size for first {
  low: bool = x < 3
  odd = if low then x == 1 else x // 2 * 2 != x
}
align placed: by_size -> wired { low at hidden[2][0] }
claim c: effect({placed.low := true} -> odd) <= 0.4 exhaustively
"""
    status, document = verify(tmp_path, TASK % 7 + low)
    [problem] = [each for each in document["diagnostics"] if each["severity"] == "error"]
    assert status == 4
    assert problem["message"] == "no input of `fit` gives `low` the value true that it is set to"
    assert "hold out fewer values" in problem["help"]


def test_it_is_said_where_they_meet_what_a_claim_asks_for(tmp_path: Path) -> None:
    """A claim that limits an effect asks for none, though of a neuron that nothing reads every vector moves nothing."""
    asked = (
        "claim c: effect({hidden[2][0] := hidden[2][0] + 3} -> odd) - effect({x := 0} -> odd) >= -0.4 exhaustively\n"
    )
    limited = "claim d: change({hidden[2][5] := hidden[2][5] + 3} -> odd) <= 0.1 exhaustively\n"
    _, document = verify(tmp_path, TASK % 7 + asked + limited)
    met, unread = document["result"]["verdicts"]
    assert unread["controls"][0]["estimate"] == 0
    assert not [note for note in unread["notes"] if "same length" in note]
    assert met["controls"][0]["estimate"] + 0.5 >= -0.4  # the effect of the input is -1/2
    assert [note for note in met["notes"] if "same length" in note]


def turned(frame: Frame, features: torch.Tensor, added: int, direction: torch.Tensor) -> torch.Tensor:
    """What is left of features that are set to themselves and a random vector as long as one of the same numbers."""
    world = NetworkWorld("net")
    value = RandomVector(Number(Fraction(added)), 1)
    run = Run(world, 0, (Assignment("a", Plus(Here("a"), Fraction(1), value)),))
    change = change_to(
        "a", run.assignments[0].value, run, open_map(frame), {}, {("a", value): direction}, lambda _: features
    )
    return change(features) - features


def test_they_are_as_long_at_every_position_and_there_alike() -> None:
    frame = Frame("resid_post", 0, (0, 1, 2, 3), 4, IDENTITY, (Block(0, 0, 8),), (1, 2))
    direction = torch.nn.functional.normalize(torch.randn(5, 4, generator=torch.Generator().manual_seed(0)), dim=1)
    found = turned(frame, torch.zeros(5, 1, 8), 3, direction)
    torch.testing.assert_close(found[:, 0, :4], found[:, 0, 4:])
    torch.testing.assert_close(found.reshape(5, 2, 4), 6 * direction[:, None].expand(5, 2, 4))  # 6 = |(3, 3, 3, 3)|


def test_what_belongs_to_others_counts_for_nothing() -> None:
    frame = Frame("hidden", 1, (0, 1, 2), 3, Family("rotation"), (Block(0, 0, 2), Block(1, 2, 3)))
    direction = torch.tensor([[0.6, 0.8, 0.0]])
    found = turned(frame, torch.ones(1, 1, 3), 2, direction)
    torch.testing.assert_close(found, torch.tensor([[[0.6, 0.8, 0.0]]]) * 8**0.5)


PROMPTED = """
task below {
  input lo, hi: 0..199
  output ok: bool
  prompt "Is {lo} below {hi}?"
  answer ok: { true: " yes", false: " no" } among answers
}
model ordered for below { less: bool = lo < hi  ok = less }
network lm = transformers("lm") ungated
pairs main for below { size 2_000 }
claim several: change({resid_post[0] @ [1, last] := resid_post[0] @ [1, last] + %s} -> ok on lm) >= 0.01
claim all: change({resid_post[0] @ {hi}.all := resid_post[0] @ {hi}.all + %s} -> ok on lm) >= 0.01
"""


def test_engines_add_the_same_vectors_whatever_the_positions(tmp_path: Path) -> None:
    shutil.copytree(LANGUAGE_MODEL, tmp_path / "lm")
    torch.manual_seed(0)
    AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(tmp_path / "lm")).save_pretrained(tmp_path / "w")
    shutil.copyfile(tmp_path / "w" / "model.safetensors", tmp_path / "lm" / "model.safetensors")
    text = PROMPTED % (2, 2)
    found = {engine: rows(verify(tmp_path, text, "--engine", engine)[1]) for engine in ("fused", "hooks")}
    assert [row["name"] for row in found["hooks"]] == [NAME, NAME]
    assert found["fused"] == found["hooks"]
    assert all(0 < row["estimate"] < 1 for row in found["hooks"])
    alone = "\n".join(line for line in text.split("\n") if "claim all" not in line).replace("several", "alone")
    (by_pyvene,) = rows(verify(tmp_path, alone, "--engine", "pyvene")[1])
    assert by_pyvene["estimate"] == found["hooks"][0]["estimate"]
