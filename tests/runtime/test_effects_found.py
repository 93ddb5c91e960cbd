"""Effects through maps that are found: the fit of `iia`, exact values where the truth is wired, honest polarity."""

# ruff: noqa: E501

import shutil
from pathlib import Path
from typing import Any

import pytest
from cspec.tests.command_line import run as run_command

from .tools import EQUALITY, WIRED, answer, layer, left_differs, outputs_differ, right, weighted, with_left

SPEC = (
    EQUALITY
    + """
network wired = torch("wired.safetensors")
align one: equalities -> wired { left at hidden[2] via identity size 1  fit { seeds: 1 } }
align somewhere: equalities -> wired { left in hidden[2][*] }
settings { controls { random: 1 } }
"""
)


def run(claims: str, folder: Path, *more: str) -> tuple[int, dict[str, Any]]:
    (spec := folder / "e.cspec").write_text(SPEC + claims)
    shutil.copy(WIRED, folder)
    done = run_command(*(more or ("verify",)), spec, "--json")
    return done.status, done.document


def verdicts(claims: str, folder: Path) -> dict[str, Any]:
    return {verdict["name"]: verdict for verdict in run(claims, folder)[1]["result"]["verdicts"]}


CASES = [
    ("effect(%s.left -> correct)", lambda b, s: right(b, with_left(b, s)) - 1, left_differs),
    ("effect({%s.left := 1} -> same)", lambda b, _: answer((True, layer(b)[1])) - answer(layer(b)), left_differs),
    ("change(w -> same through %s.left)", lambda b, s: with_left(b, (s[0], *b[1:])) != answer(layer(b)), outputs_differ),
    ("change(hidden[1] -> same given %s.left)", lambda b, s: answer((layer(b)[0], layer(s)[1])) != answer(layer(b)), outputs_differ),
]  # fmt: skip


@pytest.mark.parametrize("alignment", ["one", "somewhere"])
def test_through_a_map_that_found_the_neuron_an_effect_is_what_python_counts(alignment: str, tmp_path: Path) -> None:
    texts = [text % alignment for text, _, _ in CASES]
    bounds = ["-0.9999" if text.startswith("effect") else "0.0001" for text in texts]
    claims = [f"claim c{i}: {t} >= {b} exhaustively\n" for i, (t, b) in enumerate(zip(texts, bounds, strict=True))]
    found = verdicts("".join(claims), tmp_path)
    for index, (_, score, changing) in enumerate(CASES):
        assert found[f"c{index}"]["quantities"][0]["exact"] == str(weighted(score, changing)), texts[index]


def test_an_effect_is_measured_through_the_fit_of_iia(tmp_path: Path) -> None:
    claims = "claim a: change(one.left -> same) >= 0.1\nclaim b: iia(one) >= 0.9\n".replace("\n", " exhaustively\n")
    fits = [
        {step["key"] for step in run(text, tmp_path, "plan")[1]["plan"]["steps"] if step["kind"] == "Fit"}
        for text in (claims, claims[claims.index("claim b") :])
    ]
    assert fits[0] == fits[1]
    found = verdicts(claims, tmp_path)
    assert found["a"]["quantities"][0]["map"] == found["b"]["quantities"][0]["map"] is not None


@pytest.mark.parametrize(
    ("claim", "outcome", "reason"),
    [
        ("effect(one.left -> correct) <= -0.4", "holds", None),  # a witness: the map has this effect
        (
            "effect(one.left -> correct) >= -0.8",
            "inconclusive",
            "search_not_shown",
        ),  # no map was found that has more, nor where one must be
        ("effect(one.left -> correct) <= -0.8", "unsupported", None),  # none was found: refutes nothing
        ("effect(one.left -> correct) >= -0.3", "refuted", None),  # the map found is the witness against
        ("change(one.left -> same) >= 0.8", "unsupported", None),
        ("change(one.left -> same) <= 0.3", "refuted", None),
        ("effect(one.left -> correct) == -0.8 +- 0.1", "unsupported", None),  # less than is claimed
        ("effect(one.left -> correct) == -0.2 +- 0.1", "refuted", None),  # more than is claimed
    ],
)
def test_polarity_goes_by_how_far_an_effect_is_from_none(
    claim: str, outcome: str, reason: str | None, tmp_path: Path
) -> None:
    (verdict,) = verdicts(f"claim c: {claim} exhaustively\n", tmp_path).values()
    assert (verdict["outcome"], verdict["reason"]) == (outcome, reason), verdict["notes"]


def test_an_effect_that_any_direction_has_says_nothing_of_the_one_found(tmp_path: Path) -> None:
    (verdict,) = verdicts("claim c: effect(one.left -> correct) <= -0.3 exhaustively\n", tmp_path).values()
    assert (verdict["outcome"], verdict["reason"]) == ("inconclusive", "vacuous: random subspace")


@pytest.mark.parametrize("alignment", ["one", "somewhere"])
def test_what_is_found_where_another_thing_is_set_has_no_effect_to_speak_of(alignment: str, tmp_path: Path) -> None:
    claim = f"claim c: change(hidden[2][0] -> same given {alignment}.left) <= 0.2 exhaustively\n"
    (verdict,) = verdicts(claim, tmp_path).values()
    assert (verdict["outcome"], verdict["reason"]) == ("inconclusive", "overlap")
    (apart,) = verdicts(claim.replace("[0]", "[1]").replace("<= 0.2", ">= 0.2"), tmp_path).values()
    assert apart["reason"] != "overlap"
