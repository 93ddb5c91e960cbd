"""Networks that err at known rates: what claims estimate, against enumeration; and numbers that lie at their bound."""

import itertools
import json
import shutil
from collections.abc import Callable
from fractions import Fraction
from math import sqrt
from pathlib import Path

import cspec
import numpy as np
import pytest
from cspec.cli.main import main
from safetensors.numpy import save_file

from .tools import verify

TOKENS = 400
ERRING = {False: Fraction(1, 10), True: Fraction(1, 50)}
"""The share of the tokens of each side that carry an error."""

Token = tuple[bool, bool]
"""What the network knows of a token: its side, and whether it carries an error."""
Pair = tuple[Token, Token]

SPEC = f"""
task sides {{
  input  x, y: 0..{TOKENS - 1}
  output differ: bool
  tokens [x, y]
  answer differ: {{ false: 0, true: 1 }}
  metric worth: 0..1 = worths[x]
}}
table worths = csv("worths.csv", key: token, value: worth)
model by_sides for sides {{
  left:  bool = x < {TOKENS // 2}
  right: bool = y < {TOKENS // 2}
  differ = left != right
}}
network net = torch("net.safetensors") ungated
pairs main for sides {{ size 15_000 }}
align A: by_sides -> net over main {{ left at hidden[1][0..1]  right at hidden[1][2..3] }}
settings {{ seed: 5 }}
"""


def tokens() -> list[Token]:
    """Both sides, each with its share of errors, spread over the tokens."""
    half = TOKENS // 2
    erring = {side: {int(i / share) for i in range(int(half * share))} for side, share in ERRING.items()}
    return [(token < half, token % half in erring[token < half]) for token in range(TOKENS)]


def worth(token: int) -> Fraction:
    return Fraction(token * token % 7, 10)


def write_network(folder: Path) -> None:
    """Layer 1 knows side and error of both tokens, layer 2 which of the 16 states that is, and the head what to say."""
    states = np.array(list(itertools.product([0, 1], repeat=4)))
    said = states[:, 0] ^ states[:, 2] ^ states[:, 1] ^ states[:, 3]
    tensors = {
        "embed.weight": np.array(tokens()),
        "layers.0.weight": np.eye(4),
        "layers.0.bias": np.zeros(4),
        "layers.1.weight": 2 * states - 1,
        "layers.1.bias": 1 - states.sum(axis=1),
        "head.weight": np.stack([1 - 2 * said, 2 * said - 1]),
        "head.bias": np.zeros(2),
    }
    config = {"architecture": "mlp", "vocab": TOKENS, "inputs": 2, "embed": 2, "hidden": [4, 16], "classes": 2}
    plain = {name: np.ascontiguousarray(tensor, dtype=np.float32) for name, tensor in tensors.items()}
    save_file(plain, folder / "net.safetensors", metadata={"cspec.config": json.dumps(config)})
    rows = "\n".join(f"{token},{float(worth(token))}" for token in range(TOKENS))
    (folder / "worths.csv").write_text(f"token,worth\n{rows}\n")


# --- in plain Python -------------------------------------------------------------------------------------------------


def answer(pair: Pair) -> bool:
    (left, off), (right, wrong) = pair
    return (left != right) != (off != wrong)


def label(pair: Pair) -> bool:
    return pair[0][0] != pair[1][0]


def share(pair: Pair) -> Fraction:
    """How likely a base or a source is: sides are as likely as each other, and so are tokens of one side."""
    found = Fraction(1, 4)
    for side, off in pair:
        found *= ERRING[side] if off else 1 - ERRING[side]
    return found


EVERY: list[Pair] = list(itertools.product(itertools.product([False, True], repeat=2), repeat=2))  # type: ignore[arg-type]


def mean(score: Callable[[Pair, Pair], int], changing: Callable[[Pair, Pair], bool], *halves: bool) -> Fraction:
    """The mean over halves, then bases, then the sources with which a base has the half."""
    total = Fraction(0)
    for half, base in itertools.product(halves, EVERY):
        sources = [source for source in EVERY if changing(base, source) == half]
        weight = sum((share(source) for source in sources), Fraction(0))
        scored = sum((share(source) * score(base, source) for source in sources), Fraction(0))
        total += share(base) * scored / weight / len(halves)
    return total


def with_left(base: Pair, source: Pair) -> Pair:
    return source[0], base[1]


def agrees(base: Pair, source: Pair) -> int:
    return int(answer(with_left(base, source)) == label(with_left(base, source)))


def changes_label(base: Pair, source: Pair) -> bool:
    return label(with_left(base, source)) != label(base)


def labels_differ(base: Pair, source: Pair) -> bool:
    return label(source) != label(base)


def gains(base: Pair, source: Pair) -> int:
    return int(answer(with_left(base, source)) == label(base)) - int(answer(base) == label(base))


def moves(base: Pair, source: Pair) -> int:
    return int(answer(with_left(base, source)) != answer(base))


RIGHT = sum((share(pair) for pair in EVERY if answer(pair) == label(pair)), Fraction(0))
CAUSED = mean(agrees, changes_label, True)
KEPT = mean(agrees, changes_label, False)
TRUTHS = {
    "accuracy(net over main)": RIGHT,
    "mean(worth on net over main)": sum(map(worth, range(TOKENS)), Fraction(0)) / TOKENS,
    "cause(A.left)": CAUSED,
    "iia(A.left)": (CAUSED + KEPT) / 2,
    "effect(x -> correct on net over main)": mean(gains, labels_differ, True, False),
    "change(x -> differ on net over main)": mean(moves, labels_differ, True, False),
    "change(A.left -> differ on net over main)": mean(moves, changes_label, True, False),
}


def test_claims_estimate_what_enumeration_says(tmp_path: Path) -> None:
    """Claimed at the true value itself, which 3,000 items can hardly tell from it: so all of them are looked at."""
    write_network(tmp_path)
    claims = [f"claim c{i}: {text} >= {float(true):.12f}" for i, (text, true) in enumerate(TRUTHS.items())]
    (tmp_path / "spec.cspec").write_text(SPEC + "\n".join(claims) + "\n")
    done = verify(tmp_path / "spec.cspec", tmp_path / "store")
    for index, (text, true) in enumerate(TRUTHS.items()):
        found = done.quantity(f"c{index}")
        assert done.said(f"c{index}") == "inconclusive(budget)", text
        assert found["n"] == 3000
        low, high = found["range"]
        spread = (float(true) - low) * (high - float(true))  # no variance is larger (Bhatia and Davis 2000)
        assert abs(found["estimate"] - true) < 3.5 * sqrt(spread / 3000), text
        assert found["low"] < true < found["high"]


# --- at the bound ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("values", [("0.1", "0.1"), ("0.1", "0.7"), ("0.3", "0.6")])
def test_a_mean_of_decimals_meets_its_bound_exactly(values: tuple[str, str], tmp_path: Path) -> None:
    """In double precision 200 tenths and 200 more come to less than 40, or to more."""
    write_network(tmp_path)
    rows = "\n".join(f"{token},{values[token % 2]}" for token in range(TOKENS))
    (tmp_path / "worths.csv").write_text(f"token,worth\n{rows}\n")
    bound = (Fraction(values[0]) + Fraction(values[1])) / 2
    claims = [
        f"claim c{i}: mean(worth on net) {op} {float(bound)} exhaustively" for i, op in enumerate((">=", "<=", "=="))
    ]
    (tmp_path / "spec.cspec").write_text(SPEC + "\n".join(claims) + "\n")
    done = verify(tmp_path / "spec.cspec", tmp_path / "store")
    assert [done.said(f"c{i}") for i in range(3)] == ["holds"] * 3
    assert Fraction(done.quantity("c0")["exact"]) == bound


NOTHING = """
task pricing {
  input  cost: 19..23
  output ok: bool
  prompt "it costs {cost} dollars ."
  answer ok: { true: " yes", false: " no" }
  metric lean: -30..30 = logit(" yes") - logit(" no")
}
model limit for pricing { ok = cost > 20 }
network lm = transformers("network") ungated
claim equal: change(mlp_out[1] @ {cost} -> lean on lm) == 0 exhaustively
claim small: change(mlp_out[1] @ {cost} -> lean on lm) <= 0.01 exhaustively
claim none:  change(mlp_out[1] @ {cost} -> lean on lm) <= 0 exhaustively
"""


def test_rounding_refutes_nothing(tmp_path: Path) -> None:
    """What the last MLP writes at another token than the last is read by nothing, however the runs are rounded."""
    shutil.copytree(Path(cspec.__file__).parent / "specs" / "pricing" / "network", tmp_path / "network")
    (tmp_path / "spec.cspec").write_text(NOTHING)
    done = verify(tmp_path / "spec.cspec", tmp_path / "store")
    change = done.quantity("equal")["estimate"]
    assert change < 1e-4
    assert done.said("small") == "holds"
    expected = "holds" if change == 0 else "inconclusive(numeric)"
    assert (done.said("equal"), done.said("none")) == (expected, expected)


def test_a_metric_that_is_no_number_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_network(tmp_path)
    rows = "\n".join(f"{token},1{'0' * 200}" for token in range(TOKENS))
    (tmp_path / "worths.csv").write_text(f"token,worth\n{rows}\n")
    text = SPEC.replace("worths[x]", "worths[x] * worths[x] - worths[x] * worths[x]")
    (tmp_path / "spec.cspec").write_text(text + "claim c: mean(worth on net) >= 0.1\n")
    assert main(["verify", str(tmp_path / "spec.cspec"), "--store", str(tmp_path / "store")]) == 4
    assert "CS508" in capsys.readouterr().err
