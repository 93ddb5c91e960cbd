"""Rests after prompts that have their slots at the same tokens: of a random network, against plain hooks."""

import itertools
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
import torch
from torch import Tensor

from . import test_several_tokens as prompts
from .test_several_tokens import Input, Said, folder, label  # noqa: F401

WORDS = ("Rome", "York", "Oslo", "Jose", "Rio")
INPUTS = list(itertools.product(range(len(WORDS)), repeat=2))
SPEC = prompts.SPEC.replace("x, y: city", "x, y: {Rome, York, Oslo, Jose, Rio}").replace('"San Jose"', "Jose")
DIMS, X, LAST = range(8), 3, 6


@pytest.fixture(autouse=True)
def one_word_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompts, "CITIES", WORDS)
    monkeypatch.setattr(prompts, "SPEC", SPEC)


def mean_of_halves(score: Callable[[Input, Input], int]) -> Fraction:
    halves: dict[bool, list[int]] = {True: [], False: []}
    for base, source in itertools.product(INPUTS, repeat=2):
        halves[label(base) != label(source)].append(score(base, source))
    return sum((Fraction(sum(half), len(half)) for half in halves.values()), Fraction(0)) / 2


def verify(folder: Path, claims: str, *more: str) -> dict[str, Fraction]:  # noqa: F811
    _, found, said = prompts.verify(folder, claims, *more)
    assert found, said
    return {name: Fraction(verdict["quantities"][0]["exact"]) for name, verdict in found.items()}


@pytest.mark.parametrize("engine", ["fused", "hooks"])
def test_a_rest_is_every_other_unit_of_the_layer_at_every_token(engine: str, folder: Path) -> None:  # noqa: F811
    """`part` is eight dims at the token of `x` and at the last one."""
    claims = """
circuit part = { resid_post[0][0..7] @ {x}, resid_post[0][0..7] @ last }
align a: first -> lm { left at resid_post[0] @ {x} }
claim taken: effect(rest(part) -> correct) >= -0.99 exhaustively
claim zeroed: effect({rest(part) := 0} -> correct) >= -0.99 exhaustively
claim kept: effect(x -> correct given rest(a)) >= -0.99 exhaustively
"""
    found = verify(folder, claims, "--engine", engine, "--store", str(folder / f"rest {engine}"))
    plain = {one: prompts.answer(folder, one) for one in INPUTS}

    def rest(base: Input, value: Tensor) -> Said:
        def change(own: Tensor) -> Tensor:
            changed = value.expand_as(own).clone()
            for token in (X, LAST):
                changed[0, token, list(DIMS)] = own[0, token, list(DIMS)]
            return changed

        return prompts.answer(folder, base, change)

    def kept(base: Input, source: Input) -> Said:
        state = plain[base].state.clone()
        state[0, X] = plain[source[0], base[1]].state[0, X]
        return prompts.answer(folder, base, lambda _: state)

    def gain(said: Said, base: Input) -> int:
        return int(said.yes == label(base)) - int(plain[base].yes == label(base))

    zeroed = {one: rest(one, torch.zeros(1)) for one in INPUTS}
    assert found == {
        "taken": mean_of_halves(lambda b, s: gain(rest(b, plain[s].state), b)),
        "zeroed": mean_of_halves(lambda b, _: gain(zeroed[b], b)),
        "kept": mean_of_halves(lambda b, s: gain(kept(b, s), b)),
    }
    assert any(found.values())


def test_given_rest_leaves_the_direct_edge_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    """What stands at `x` reaches the last token through heads alone, and these are held."""
    monkeypatch.setattr(prompts, "SPEC", SPEC.replace(" among answers\n", '\n  metric yes: 0..1 = prob(" yes")\n'))
    claims = """
claim direct: change(x -> yes given rest) <= 0.5 exhaustively
claim total: change(x -> yes) >= 0.00001 exhaustively
claim last: change({embed @ last := 2 * embed @ last} -> yes given rest) >= 0.00001 exhaustively
"""
    found = verify(folder, claims)
    assert found["direct"] < 1e-6 < min(found["total"], found["last"])


@pytest.mark.parametrize(
    ("change", "note"),
    [
        (("{Rome, York, Oslo, Jose, Rio}", "city"), "where prompts differ in their tokens"),
        (('" yes", false: " no"', '" New York", false: " New Jose"'), "beside what is said after the prompt"),
    ],
)
def test_a_rest_that_is_not_the_same_in_every_prompt_is_refused(
    change: tuple[str, str],
    note: str,
    folder: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(prompts, "SPEC", SPEC.replace(*change).replace("x in {Rome, Jose}", "x in {Rome}"))
    circuit = "circuit part = { resid_post[0][0..7] @ {x} }\n"
    spec = f"{circuit}claim c: change({{rest(part) := 0}} -> correct) >= 0.1\n"
    status, _, said = prompts.verify(folder, spec)
    assert (status, note in said) == (2, True), said
