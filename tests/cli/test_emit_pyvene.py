"""Scripts that repeat an interchange with pyvene alone count what cspec counts, where cspec cannot be imported."""

import contextlib
import io
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from transformers import GPT2Config, GPT2LMHeadModel

from .test_transformers import SPEC, draw
from .tools import DIFFERENCES, Ran, learned, run, sampled, save_network, small, write

ROW = re.compile(r"^\{(?P<set>.*?)\} +(?P<half>\w*) +(?P<right>\d+)/(?P<n>\d+) +(?P<expected>\d+)/\d+$", re.M)
BLIND = "import sys, runpy; sys.modules['cspec'] = None; runpy.run_path(sys.argv[1], run_name='__main__')"

NUMBERS = """
task sums {
  input  w, x: -2..1
  input  y, z: -1..1
  output more: bool
  vector [w, x, y, z]
  answer more: { false: 0, true: 1 }
}
model ahead for sums {
  gap = w + x - y - z
  more = gap > 0
}
network net = torch("net.safetensors")
align one: ahead -> net { gap at hidden[1][0] via identity }
claim half: iia(one) <= 0.9 exhaustively
"""


def repeat(script: Path) -> Ran:
    """Run a script where `cspec` cannot be imported."""
    done = subprocess.run(
        [sys.executable, "-c", BLIND, str(script)],
        cwd=script.parent,
        env=os.environ | {"HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def repeat_here(script: Path) -> Ran:
    """Run a script in this process, which has imported pyvene already."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), pytest.raises(SystemExit) as stop:
        runpy.run_path(str(script), run_name="__main__")
    return Ran(int(str(stop.value.code)), out.getvalue(), "")


def compare(spec: Path, *options: str, blind: bool = False) -> list[tuple[str, str, int, int]]:
    """Verify, write the script, run it, and hold its counts against the result's. Returns set, half, right, n."""
    store = ("--store", spec.parent / "store")
    verified = run("verify", spec, "--json", *store)
    written = run("compile", spec, "--emit", "pyvene", "-o", spec.parent / "check.py", *store, *options)
    assert (written.status, written.err) == (0, "")
    done = (repeat if blind else repeat_here)(spec.parent / "check.py")
    assert done.status == 0, done.out + done.err
    assert "the counts are equal" in done.out
    name = options[1] if options else verified.document["result"]["verdicts"][0]["name"]
    (verdict,) = (v for v in verified.document["result"]["verdicts"] if v["name"] == name)
    row = next(q for q in verdict["quantities"] if q["families"])
    expected = {(", ".join(c["set"]), c["half"]): (c["right"], c["n"]) for c in row["cells"] if c["n"]}
    found = [(m["set"], m["half"], int(m["right"]), int(m["n"])) for m in ROW.finditer(done.out)]
    assert {(s, half): (right, n) for s, half, right, n in found} == expected
    assert f"IIA {row['estimate']:.4f}, by cspec {row['estimate']:.4f}" in done.out
    return found


def test_given_dims_over_a_whole_domain(tmp_path: Path) -> None:
    """A part of the dims that hold a variable: some items agree, and some do not."""
    spec = small(
        tmp_path, DIFFERENCES.replace("0..3", "1, 3") + "claim carried: iia(differences) >= 0.9 exhaustively\n"
    )
    spec.write_text(spec.read_text().replace("0..3\n", "0..1\n"))
    found = compare(spec, blind=True)
    assert any(right < n for _, _, right, n in found)
    assert sum(n for *_, n in found) == 2 * 16**2 + 16**3


def test_a_rotation_of_two_variables(tmp_path: Path) -> None:
    claims = "claim solves: accuracy(net) >= 0.9\nclaim carried: iia(das) >= 0.999\n"
    found = compare(sampled(tmp_path, learned(steps=2, seeds=1) + claims), "--claim", "carried")
    assert {s for s, *_ in found} == {"left", "right", "left, right"}


@pytest.fixture
def gpt2(tmp_path: Path) -> Path:
    config = GPT2Config(
        vocab_size=40, n_embd=16, n_layer=3, n_head=4, n_positions=8, bos_token_id=0, eos_token_id=0
    )  # fmt: skip
    draw(GPT2LMHeadModel(config)).save_pretrained(tmp_path / "lm")
    return tmp_path


SITES = [
    ("mlp_out[1] @ {x}", "identity"),
    ("resid_post[0][3..9] @ {x}", "rotation size 2"),
    ("head_out[1, 2] @ {x}", "pca size 2"),
    ("k[2, 1] @ {w}", "rotation size 2"),
    ("resid_mid[1] @ {x}", "identity size 3"),
    ('module("transformer.h.1.mlp.c_fc")[4..9] @ {x}', "identity"),
    ('module("transformer.h.1.mlp") @ {x}', "rotation size 2"),
]


@pytest.mark.parametrize(("site", "map"), SITES, ids=lambda text: text.split(" ")[0])
def test_a_transformer(gpt2: Path, site: str, map: str) -> None:
    spec = gpt2 / "first.cspec"
    fitted = map if map == "identity" or "pca" in map else f"{map}\n  fit {{ steps: 2, seeds: 1 }}\n"
    text = SPEC.replace("SITE", site).replace("MAP", fitted).replace("OPTIONS", "")
    spec.write_text(text)
    found = compare(spec, blind=site == SITES[0][0])
    assert any(0 < right < n for _, _, right, n in found)


def test_a_network_that_reads_numbers(tmp_path: Path) -> None:
    """It decides w + x > y + z by two neurons, of which one is exchanged: some items agree, and some do not."""
    tensors = {
        "layers.0.weight": np.array([[1, 1, -1, -1], [1, 1, -1, -1]]),
        "layers.0.bias": np.array([0, -1]),
        "head.weight": np.array([[-4, 4], [4, -4]]),
        "head.bias": np.array([2, -2]),
    }
    save_network(tmp_path / "net.safetensors", tensors, {"hidden": [2]})
    spec = write(tmp_path / "spec.cspec", NUMBERS)
    found = compare(spec, blind=True)
    assert any(0 < right < n for _, _, right, n in found)
