"""Effects that run, on a network wired by hand: every base with every source, against plain Python, exactly."""

# ruff: noqa: E501

import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from cspec.tests.command_line import run as run_command

from .tools import EQUALITY, WIRED, Input, answer, layer, left_differs, outputs_differ, right, weighted, with_left

SPEC = (
    EQUALITY
    + """
network wired = torch("wired.safetensors")
align decided: equalities -> wired { left at hidden[2][0]  right at hidden[2][1] }
circuit both = { hidden[2][0], hidden[2][1] }
circuit first = { hidden[2][0] }
circuit last = { hidden[3][0] }
claim c: %s >= %s exhaustively
"""
)


def half_of(base: Input, source: Input) -> bool:
    """The answer where the second neuron of layer 3 alone is the source's: whether right is true and left is not."""
    (left, right), (other_left, other_right) = layer(base), layer(source)
    return not (left and not right) and not (other_right and not other_left)


CASES: list[tuple[str, Callable[[Input, Input], int], Callable[[Input, Input], bool]]] = [
    ("change(w -> same)", lambda b, s: answer(layer(b)) != answer(layer((s[0], *b[1:]))), outputs_differ),
    ("effect(w -> correct)", lambda b, s: right(b, answer(layer((s[0], *b[1:])))) - 1, outputs_differ),
    ("effect({w := 1} -> correct)", lambda b, _: right(b, answer(layer((1, *b[1:])))) - 1, outputs_differ),
    ("effect({w := source, x := 2} -> same)", lambda b, s: answer(layer((s[0], 2, *b[2:]))) - answer(layer(b)), outputs_differ),
    ("change(hidden[2][0] -> same)", lambda b, s: with_left(b, s) != answer(layer(b)), outputs_differ),
    ("effect(decided.left -> correct)", lambda b, s: right(b, with_left(b, s)) - 1, left_differs),
    ("effect({decided.left := 1} -> same)", lambda b, _: answer((True, layer(b)[1])) - answer(layer(b)), left_differs),
    ("effect({both := 0} -> correct)", lambda b, _: right(b, True) - 1, outputs_differ),
    ("effect({hidden[2][0] := 1 - hidden[2][0]} -> correct)", lambda b, _: -1, outputs_differ),
    ("change(hidden[1] -> same given decided.right)", lambda b, s: with_left(b, s) != answer(layer(b)), outputs_differ),
    ("change(hidden[1] -> same through hidden[2][0])", lambda b, s: with_left(b, s) != answer(layer(b)), outputs_differ),
    ("change(w -> same given hidden[2])", lambda b, s: 0, outputs_differ),
    ("change(w -> same through both)", lambda b, s: answer(layer(b)) != answer(layer((s[0], *b[1:]))), outputs_differ),
    ("change(rest(first) -> same)", lambda b, s: answer((layer(b)[0], layer(s)[1])) != answer(layer(b)), outputs_differ),
    ("effect({rest(first) := 0} -> correct)", lambda b, _: right(b, answer((layer(b)[0], False))) - 1, outputs_differ),
    ("effect({rest(first) := 1 - rest(first)} -> correct)", lambda b, _: -1, outputs_differ),
    ("effect({rest(first) := mean(rest(first))} -> correct)", lambda b, _: right(b, not layer(b)[0]) - 1, outputs_differ),
    ("effect({random(first) := mean(random(first))} -> correct)", lambda b, _: right(b, not layer(b)[0]) - 1, outputs_differ),
    ("change(rest(both) -> same)", lambda b, s: 0, outputs_differ),
    ("change(rest(decided) -> same)", lambda b, s: 0, outputs_differ),
    ("change(hidden[1] -> same given rest(first))", lambda b, s: with_left(b, s) != answer(layer(b)), outputs_differ),
    ("change(hidden[2] -> same given rest)", lambda b, s: 0, outputs_differ),
    ("change(hidden[3] -> same given rest)", outputs_differ, outputs_differ),
    ("change(w -> same given rest)", lambda b, s: 0, outputs_differ),
    ("change(rest(last) -> same given rest)", lambda b, s: half_of(b, s) != answer(layer(b)), outputs_differ),
    ("change({rest(last) := source, w := source} -> same given rest)", lambda b, s: half_of(b, s) != answer(layer(b)), outputs_differ),
    ("effect({random(first) := 1 - random(first)} -> correct)", lambda b, _: -1, outputs_differ),
]  # fmt: skip


# A third of the inputs have equal y and z, so that the mean of what is read as `right` lies below a half: it says no.


@pytest.mark.parametrize(("text", "score", "changing"), CASES, ids=[text for text, _, _ in CASES])
def test_an_effect_is_what_plain_python_counts(
    text: str, score: Callable[[Input, Input], int], changing: Callable[[Input, Input], bool], tmp_path: Path
) -> None:
    (spec := tmp_path / "e.cspec").write_text(SPEC % (text, -0.99 if text.startswith("effect") else 0.0001))
    shutil.copy(WIRED, tmp_path)
    for engine in ("fused", "pyvene"):
        done = run_command("verify", spec, "--json", "--engine", engine)
        (verdict,) = done.document["result"]["verdicts"]
        assert Fraction(verdict["quantities"][0]["exact"]) == weighted(score, changing), engine
