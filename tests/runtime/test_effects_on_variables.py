"""Effects on aligned variables, read from their blocks: every base with every source, against plain Python, exactly."""

import itertools
import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import cspec
import pytest
from cspec.tests.command_line import run as run_command

from .test_effects import SPEC
from .tools import WIRED, Input, layer, left_differs, outputs_differ, weighted

TRACR = Path(cspec.__file__).parent / "specs" / "tracr"


def verdicts(spec: str, folder: Path, network: Path, *more: str) -> dict[str, dict[str, Any]]:
    (folder / "e.cspec").write_text(spec)
    shutil.copy(network, folder)
    done = run_command("verify", folder / "e.cspec", "--json", *more)
    return {verdict["name"]: verdict for verdict in done.document["result"]["verdicts"]}


def left(one: Input) -> int:
    return int(layer(one)[0])


CASES: list[tuple[str, Callable[[Input, Input], int], Callable[[Input, Input], bool]]] = [
    ("change(w -> decided.left)", lambda b, s: left(b) != left((s[0], *b[1:])), outputs_differ),
    ("effect(w -> decided.left)", lambda b, s: left((s[0], *b[1:])) - left(b), outputs_differ),
    ("effect({w := 1} -> decided.left)", lambda b, _: left((1, *b[1:])) - left(b), outputs_differ),
    ("change(y -> decided.left)", lambda b, s: 0, outputs_differ),
    ("change(hidden[1] -> decided.left)", lambda b, s: left(b) != left(s), outputs_differ),
    ("change(hidden[1][0..11] -> decided.right)", lambda b, s: 0, outputs_differ),
    ("effect({hidden[1] := 0} -> decided.left)", lambda b, _: 1 - left(b), outputs_differ),
    ("change(w -> decided.left given hidden[1])", lambda b, s: 0, outputs_differ),
    ("change(w -> decided.left through hidden[1])", lambda b, s: left(b) != left((s[0], *b[1:])), outputs_differ),
    ("change(hidden[1] -> decided.left given rest)", lambda b, s: left(b) != left(s), outputs_differ),
    ("change(w -> decided.left given rest)", lambda b, s: 0, outputs_differ),
]  # fmt: skip
SEVERAL: list[tuple[str, Callable[[Input, Input], int], Callable[[Input, Input], bool]]] = [
    ("change(apart.left -> decided.left)", lambda b, s: left(b) != left(s), left_differs),
    ("effect({apart.left := 1} -> decided.left)", lambda b, _: 1 - left(b), left_differs),
    ("change(apart.left -> same given decided.right)", lambda b, s: left(b) != left(s), left_differs),
    ("change(apart.left -> same given decided.left)", lambda b, s: 0, left_differs),
    ("change(apart.{left, right} -> same through decided.left)", lambda b, s: left(b) != left(s), outputs_differ),
    ("effect({apart.left := 1} -> one.left)", lambda b, _: 1 - left(b), left_differs),
    ("change(apart.left -> same through one.left)", lambda b, s: left(b) != left(s), left_differs),
    ("change(apart.left -> same given one.left)", lambda b, s: 0, left_differs),
]  # fmt: skip
APART = """
align apart: equalities -> wired { left at hidden[1][0..11]  right at hidden[1][12..23] }
align one: equalities -> wired { left at hidden[2] via identity size 1  fit { seeds: 1 } }
align two: equalities -> wired { left at hidden[1] via rotation size 2 }
settings { controls { random: 1 } }
"""


@pytest.mark.parametrize(("text", "score", "changing"), SEVERAL, ids=[text for text, _, _ in SEVERAL])
def test_variables_of_several_alignments_stand_in_one_effect(
    text: str, score: Callable[[Input, Input], int], changing: Callable[[Input, Input], bool], tmp_path: Path
) -> None:
    bound = -0.99 if text.startswith("effect") else 0.0001
    (found,) = verdicts(SPEC % (text, bound) + APART, tmp_path, WIRED).values()
    assert Fraction(found["quantities"][0]["exact"]) == weighted(score, changing)


RIVAL = """
model rival for equality { left: bool = w == x  other: bool = y == z  same = left == other }
align rivals: rival -> wired { left at hidden[2][0] }
"""


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("change(two.left -> one.left)", "variables of several alignments whose maps are learned, `two`, `one`"),
        ("change(apart.left -> rivals.left)", "variables of several models, `equalities`, `rival`"),
    ],
)
def test_what_is_fitted_apart_is_not_measured_together(text: str, note: str, tmp_path: Path) -> None:
    (tmp_path / "e.cspec").write_text(SPEC % (text, 0.1) + APART + RIVAL)
    shutil.copy(WIRED, tmp_path)
    done = run_command("verify", tmp_path / "e.cspec")
    assert done.status == 2
    assert note in " ".join(done.err.split())


@pytest.mark.parametrize(("text", "score", "changing"), CASES, ids=[text for text, _, _ in CASES])
def test_an_effect_on_a_variable_is_what_plain_python_counts(
    text: str, score: Callable[[Input, Input], int], changing: Callable[[Input, Input], bool], tmp_path: Path
) -> None:
    (found,) = verdicts(SPEC % (text, -0.99 if text.startswith("effect") else 0.0001), tmp_path, WIRED).values()
    quantity = found["quantities"][0]
    assert Fraction(quantity["exact"]) == weighted(score, changing)
    assert (quantity["reads_right"], quantity["learned"]) == (1.0, False)


@pytest.mark.parametrize("engine", ["fused", "hooks", "pyvene"])
def test_a_variable_that_is_not_read_right_leaves_every_claim_open(engine: str, tmp_path: Path) -> None:
    """`y == z` says nothing of `w == x`: what is read there as `left` is right as often as the likelier value."""
    moved = SPEC.replace("left at hidden[2][0]  right at hidden[2][1]", "left at hidden[2][1]  right at hidden[2][0]")
    for text in (
        "change(w -> decided.left) >= 0.1",
        "change(w -> decided.left) <= 0.1",
        "effect(y -> decided.left) >= 0.9",
    ):
        claim, bound = text.rsplit(">=" if ">=" in text else "<=", 1)
        spec = moved.replace(">= %s", f"{'>=' if '>=' in text else '<='} %s") % (claim, bound)
        (found,) = verdicts(spec, tmp_path, WIRED, "--engine", engine).values()
        assert (found["outcome"], found["reason"]) == ("inconclusive", "not_read"), text
        assert found["quantities"][0]["reads_right"] < 0.9


def test_engines_read_the_same(tmp_path: Path) -> None:
    claims = ("change(hidden[1] -> decided.left)", "effect(w -> decided.right)")
    (head,) = SPEC.split("claim c:")[:1]
    spec = head + "".join(f"claim c{i}: {text} >= -0.9 exhaustively\n" for i, text in enumerate(claims))
    spec = spec.replace("change(hidden[1] -> decided.left) >= -0.9", "change(hidden[1] -> decided.left) >= 0.1")
    found = [verdicts(spec, tmp_path, WIRED, "--engine", engine) for engine in ("fused", "hooks", "pyvene")]
    exact = [[verdict["quantities"][0]["exact"] for verdict in one.values()] for one in found]
    assert exact[0] == exact[1] == exact[2]


# --- through maps that are found -------------------------------------------------------------------------------------

LEARNED = """
align one: equalities -> wired { left at hidden[2] via identity size 1  fit { seeds: 1 } }
settings { controls { random: 1 } }
claim c: %s exhaustively
"""
DAS = """
align das: equalities -> wired {
  left, right at hidden[2] via rotation size 1
  fit { steps: 60, batch: 128, rate: 0.1, seeds: 8 }
}
settings { controls { random: 1 } }
claim moved: change(w -> das.left) >= 0.1
"""


def learned(claim: str, folder: Path) -> dict[str, Any]:
    (found,) = verdicts(SPEC.split("claim c:")[0] + LEARNED % claim, folder, WIRED).values()
    return found


def test_a_variable_is_read_through_the_map_that_the_fit_of_iia_finds(tmp_path: Path) -> None:
    found = learned("change(w -> one.left) >= 0.1", tmp_path)
    quantity = found["quantities"][0]
    assert Fraction(quantity["exact"]) == weighted(lambda b, s: left(b) != left((s[0], *b[1:])), outputs_differ)
    assert (quantity["learned"], quantity["reads_right"]) == (True, 1.0)
    assert found["reason"] == "vacuous: random subspace"  # of two neurons any direction tells what the one is


def test_untrained_networks_of_which_nothing_is_read_match_no_claim(tmp_path: Path) -> None:
    spec = SPEC.split("claim c:")[0].replace("0..2", "0..63") + DAS
    found = verdicts(spec, tmp_path, WIRED)["moved"]
    assert (found["outcome"], found["reason"]) == ("holds", None), found["notes"]
    controls = {row["name"]: row for row in found["controls"]}
    assert controls["random networks"]["needed"] == "the variable is not read there"
    assert controls["random networks"]["estimate"] > 0.1  # what is read there does change


def test_what_is_found_where_something_is_set_is_no_effect(tmp_path: Path) -> None:
    spec = SPEC.replace("left at hidden[2][0]  right at hidden[2][1]", "left in [hidden[1][0], hidden[2][0]]")
    found = verdicts(spec % ("change(hidden[2][0] -> decided.left)", "0.1"), tmp_path, WIRED)["c"]
    assert (found["outcome"], found["reason"]) == ("inconclusive", "overlap")


# --- a compiled transformer ------------------------------------------------------------------------------------------

HIST = """
type letter = {a, b, c, d}
task counting {
  input  x[3]: letter
  output hist[3]: 1..3
  tokens [x]
  answer hist @ {x}: index
}
model program for counting {
  for i in 0..2 {
    tokens[i] = x[i]
    hist[i]   = count(tokens[j] == tokens[i] for j in 0..2)
  }
}
network net = torch("hist.safetensors")
align late: program -> net { tokens at resid[0][15..17, 20] @ {x}  hist at resid[2][0..6] @ {x} }
align early: program -> net { tokens at resid[0][15..17, 20] @ {x}  hist at resid[1][0..6] @ {x} }
"""
Letters = tuple[int, ...]


def counts(letters: Letters) -> Letters:
    return tuple(letters.count(each) for each in letters)


def mean_of_halves(score: Callable[[Letters, Letters], bool]) -> Fraction:
    halves: dict[bool, list[int]] = {True: [], False: []}
    inputs = list(itertools.product(range(4), repeat=3))
    for base, source in itertools.product(inputs, repeat=2):
        halves[counts(base) != counts(source)].append(score(base, source))
    return sum((Fraction(sum(half), len(half)) for half in halves.values()), Fraction(0)) / 2


def test_of_a_compiled_transformer_the_effect_on_a_variable_is_what_its_program_says(tmp_path: Path) -> None:
    texts: dict[str, Callable[[Letters, Letters], bool]] = {
        "change(x[0] -> late.hist)": lambda b, s: counts(b) != counts((s[0], *b[1:])),
        "change(late.tokens -> late.hist)": lambda b, s: counts(b) != counts(s),
        "change({x[0] := source, x[1] := source} -> late.hist)": lambda b, s: counts(b) != counts((*s[:2], b[2])),
    }
    claims = "".join(f"claim of_{i}: {text} >= 0.01 exhaustively\n" for i, text in enumerate(texts))
    found = verdicts(HIST + claims, tmp_path, TRACR / "hist.safetensors")
    for index, score in enumerate(texts.values()):
        quantity = found[f"of_{index}"]["quantities"][0]
        assert (Fraction(quantity["exact"]), quantity["reads_right"]) == (mean_of_halves(score), 1.0), quantity["text"]


@pytest.mark.parametrize(
    "read",
    [
        "early.hist",  # not computed yet
        "late.tokens",  # there, but of the 64 values that all letters together have, `fit` holds only some
    ],
)
def test_a_variable_of_which_too_few_values_can_be_told_is_not_read(read: str, tmp_path: Path) -> None:
    claims = f"claim early: change(x[0] -> {read}) >= 0.01 exhaustively\n"
    found = verdicts(HIST + claims, tmp_path, TRACR / "hist.safetensors")["early"]
    assert (found["outcome"], found["reason"]) == ("inconclusive", "not_read")
