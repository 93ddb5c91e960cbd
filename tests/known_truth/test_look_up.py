"""A network wired to look a key up: it gives the model's answer under every interchange that has one.

Embeddings are one-hot. Layer 1 holds the keys and, as a one-hot, the number that is wanted; layer 2 has for each place
and number whether it stands there and is wanted; the head adds these up by place.
"""

import contextlib
import io
import json
from itertools import product
from pathlib import Path

import numpy as np
from cspec.cli.main import main
from safetensors.numpy import save_file

from .tools import verify

PLACES, NUMBERS = 3, 16
KEYS = PLACES * NUMBERS
SPEC = f"""
task find {{
  input  key[{PLACES}]: 0..{NUMBERS - 1}
  input  query: 0..{NUMBERS - 1}
  output place: 0..{PLACES - 1}
  tokens [key, query]
  answer place: index
}}
model by_key for find {{
  wanted = (query + 1) % {NUMBERS}
  found  = the i in 0..{PLACES - 1} where key[i] == wanted
  place  = found
}}
network wired = torch("wired.safetensors")
pairs main for find {{ size 2_000 }}
align wires: by_key -> wired over main {{
  wanted at hidden[1][{KEYS}..{KEYS + NUMBERS - 1}] via identity
  found  at hidden[2] via identity
}}
claim solves: accuracy(wired) == 1 exhaustively
claim every:  iia(wires.wanted) == 1 exhaustively
claim drawn:  iia(wires) >= 0.95
"""


def write(folder: Path) -> Path:
    """The spec, and its network beside it."""
    copy = np.zeros((KEYS + NUMBERS, KEYS + NUMBERS), dtype=np.float32)
    copy[range(KEYS), range(KEYS)] = 1
    copy[[KEYS + (query + 1) % NUMBERS for query in range(NUMBERS)], range(KEYS, KEYS + NUMBERS)] = 1
    match = np.hstack([np.eye(KEYS), np.tile(np.eye(NUMBERS), (PLACES, 1))]).astype(np.float32)
    tensors = {
        "embed.weight": np.eye(NUMBERS, dtype=np.float32),
        "layers.0.weight": copy,
        "layers.0.bias": np.zeros(KEYS + NUMBERS, dtype=np.float32),
        "layers.1.weight": match,
        "layers.1.bias": -np.ones(KEYS, dtype=np.float32),
        "head.weight": np.kron(np.eye(PLACES), np.ones((1, NUMBERS))).astype(np.float32),
        "head.bias": np.zeros(PLACES, dtype=np.float32),
    }
    config = {
        "architecture": "mlp",
        "vocab": NUMBERS,
        "inputs": PLACES + 1,
        "embed": NUMBERS,
        "hidden": [KEYS + NUMBERS, KEYS],
        "classes": PLACES,
        "activation": "relu",
    }
    save_file(tensors, folder / "wired.safetensors", metadata={"cspec.config": json.dumps(config)})
    spec = folder / "find.cspec"
    spec.write_text(SPEC, encoding="utf-8")
    return spec


def checked(spec: Path) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert main(["check", str(spec)]) == 0
    return out.getvalue()


def test_a_wired_look_up_agrees_wherever_there_is_an_answer(tmp_path: Path) -> None:
    spec = write(tmp_path)
    done = verify(spec, tmp_path / "store")
    assert {done.said(claim) for claim in ("solves", "every", "drawn")} == {"holds"}
    every, drawn = done.quantity("every"), done.quantity("drawn")
    assert every["estimate"] == drawn["estimate"] == 1

    # An input has one answer where one of three keys is the one that is wanted.
    inputs = NUMBERS ** (PLACES + 1)
    admitted = PLACES * (NUMBERS - 1) ** (PLACES - 1) * NUMBERS
    rows = list(product(range(NUMBERS), repeat=PLACES))
    # Of a base each number that stands in one place is an answer, and every number is wanted by as many sources.
    answers = sum(
        sum(row.count(number) == 1 for number in row) for row in rows for query in row if row.count(query) == 1
    )
    defined = answers * (admitted // NUMBERS)
    assert sum(cell["n"] for cell in every["cells"]) == defined
    undefined = f"{admitted**2 - defined:,} of {admitted**2:,} items"
    assert any(undefined in remark for remark in every["remarks"])

    said = checked(spec)
    assert f"find: {inputs - admitted:,} of {inputs:,} inputs are left out, where `by_key.found` has no value\n" in said
    assert f"iia(wires.wanted): the interchange leaves the output without a value on {undefined}: not drawn\n" in said

    # A source wants any number, and a base answers to two or three of sixteen; of the three sets one asks it.
    remark = next(remark for remark in drawn["remarks"] if "without a value" in remark)
    count, of = (int(word.replace(",", "")) for word in remark.split() if word.replace(",", "").isdigit())
    share = (admitted**2 - defined) / admitted**2 / 3
    assert "random bases and sources" in remark
    assert abs(count / of - share) < 0.03
