"""Rests beside learned maps: they are what they are beside the same variable where it is stated."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from cspec.tests.command_line import run as run_command
from transformers import AutoConfig, AutoModelForCausalLM

from .tools import EQUALITY, WIRED

LANGUAGE_MODEL = Path(__file__).parents[1] / "golden" / "good" / "lm"
PLACES = """
network wired = torch("wired.safetensors")
settings { controls { random: 1 } }
pairs main for equality { size 1_000 }
align stated: equalities -> wired over main { right at hidden[2][1] }
align found:  equalities -> wired over main { right at hidden[2] via difference size 1 }
align whole:  equalities -> wired over main { same at hidden[3] via rotation size 2  fit { steps: 1, seeds: 1 } }
circuit second = { hidden[1][12..23] }
"""
ALIKE = [
    ("change(rest(second) -> same given found.right)", "change(rest(second) -> same given stated.right)"),
    ("change(second -> found.right given rest)", "change(second -> stated.right given rest)"),
    ("change(found.right -> same given rest(second))", "change(stated.right -> same given rest(second))"),
    ("change(whole.same -> same given rest)", "change(hidden[3] -> same given rest)"),
]
"""Two effects that are the same number: of what a map finds, and of where it lies."""
NOTHING = ["change(rest(second) -> found.right)", "change(found.right -> same given rest)"]
"""No way leads from the one to the other: `left` is what is left of layer 1, and layer 3 is held."""


def quantities(folder: Path, text: str, engine: str) -> list[dict[str, Any]]:
    (folder / "e.cspec").write_text(text)
    document = run_command("verify", folder / "e.cspec", "--json", "--engine", engine).document
    return [verdict["quantities"][0] for verdict in document["result"]["verdicts"]]


def claims(*estimands: str) -> str:
    return "".join(f"claim c{index}: {estimand} <= 0.99\n" for index, estimand in enumerate(estimands))


@pytest.mark.parametrize("engine", ["fused", "hooks", "pyvene"])
def test_beside_a_map_a_rest_is_what_it_is_beside_a_stated_place(engine: str, tmp_path: Path) -> None:
    shutil.copy(WIRED, tmp_path)
    text = EQUALITY.replace("0..2", "0..63") + PLACES + claims(*(one for pair in ALIKE for one in pair), *NOTHING)
    found = quantities(tmp_path, text, engine)
    pairs, nothing = found[: 2 * len(ALIKE)], found[2 * len(ALIKE) :]
    for learned, stated in zip(pairs[::2], pairs[1::2], strict=True):
        assert learned["families"] != []
        assert (learned["right"], learned["n"]) == (stated["right"], stated["n"])
        assert 0 < learned["right"] < learned["n"]
    assert [quantity["right"] for quantity in nothing] == [0, 0]


PROMPTED = """
task below {
  input lo, hi: 100..199
  output ok: bool
  prompt "Is {lo} below {hi}?"
  answer ok: { true: " yes", false: " no" } among answers
}
model ordered for below { less: bool = lo < hi  ok = less }
network lm = transformers("lm") ungated
settings { controls { random: 1 } }
pairs main for below { size 1_000 }
align das: ordered -> lm over main { less at resid_post[0] @ last via rotation size WIDTH  fit { steps: 1, seeds: 1 } }
align site: ordered -> lm over main { less at resid_post[0] @ last }
claim whole:  change(das.less -> ok given rest) <= 0.99
claim stated: change(site.less -> ok given rest) <= 0.99
"""


@pytest.mark.parametrize("engine", ["fused", "hooks"])
def test_of_a_transformer_a_rotation_of_all_dims_has_the_direct_effect_of_its_site(engine: str, tmp_path: Path) -> None:
    shutil.copytree(LANGUAGE_MODEL, tmp_path / "lm")
    torch.manual_seed(0)
    config = AutoConfig.from_pretrained(tmp_path / "lm")
    AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path / "w")
    shutil.copyfile(tmp_path / "w" / "model.safetensors", tmp_path / "lm" / "model.safetensors")
    whole, stated = quantities(tmp_path, PROMPTED.replace("WIDTH", str(config.hidden_size)), engine)
    assert whole["families"] == ["rotation"]
    assert whole["n"] == stated["n"]
    assert abs(whole["right"] - stated["right"]) <= whole["near_ties"]
    assert 0 < stated["right"] < stated["n"]


REFUSED = {
    "change(rest(found) -> same)": "of an alignment whose maps are learned",
    "change({found.right := source, x := 1} -> same given rest)": "where more than one thing is set or held",
    "change(apart.{left, right} -> same given rest)": "at several sites",
    "change(second -> open.right given rest)": "whose site is searched",
}


@pytest.mark.parametrize("estimand", REFUSED)
def test_what_a_map_leaves_of_its_site_is_set_by_nothing(estimand: str, tmp_path: Path) -> None:
    shutil.copy(WIRED, tmp_path)
    more = """
align apart: equalities -> wired over main { left at hidden[1] via pca size 1  right at hidden[2] via pca size 1 }
align open:  equalities -> wired over main { right in hidden[1..2] via difference size 1 }
"""
    (tmp_path / "e.cspec").write_text(EQUALITY.replace("0..2", "0..63") + PLACES + more + claims(estimand))
    done = run_command("verify", tmp_path / "e.cspec")
    assert done.status == 2
    assert REFUSED[estimand] in " ".join(done.err.split())
