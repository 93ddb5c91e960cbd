"""The gallery's transformers: they answer as plain Python does, and heads carry what plain hooks say they carry."""

from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any

import cspec
import pytest
import torch
from tokenizers import Tokenizer
from transformers import GPT2LMHeadModel

from .tools import Verified, verify

SPECS = Path(cspec.__file__).parent / "specs"
NAMES = ("addition", "ioi", "pricing")


def verify_beside(name: str, folder: Path, claims: str) -> Verified:
    """These claims about what a spec of the gallery declares."""
    spec = folder / "spec.cspec"
    spec.write_text(f'import "{SPECS / name / name}.cspec"\n{claims}', encoding="utf-8")
    return verify(spec, folder / "store", "--allow-path")


def trained_by(name: str) -> tuple[Any, Any]:
    """The task that a script trains, and the module of what all of these scripts share."""
    return import_module(f"cspec.specs.{name}.train").TASK, import_module("cspec.specs.train_gpt2")


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_network_solves_its_task(name: str, tmp_path: Path) -> None:
    recipe = {"addition": "chains", "ioi": "reversed", "pricing": "main"}[name]
    done = verify_beside(name, tmp_path, f"claim solves: accuracy(lm over {recipe}) >= 0.98\n")
    assert (done.status, done.said("solves")) == (0, "holds")


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_network_answers_inputs_that_were_never_trained_on(name: str) -> None:
    task, training = trained_by(name)
    network = GPT2LMHeadModel.from_pretrained(SPECS / name / "network")  # evaluating: no dropout
    tokenizer = Tokenizer.from_file(str(SPECS / name / "network" / "tokenizer.json"))
    assert tokenizer.to_str() == training.make_tokenizer(task.words).to_str()
    for law, draw in task.tests.items():
        random = Random(law)
        batch = training.encode_batch(tokenizer, [draw(random) for _ in range(1_000)], task.reads)
        with torch.no_grad():
            answers = training.read_logits(network, batch).argmax(-1)
        assert (answers == batch.answers).all(1).sum() >= 980


@pytest.mark.parametrize("name", NAMES)
def test_no_prompt_is_both_trained_on_and_held_out(name: str) -> None:
    task, _ = trained_by(name)
    random = Random(0)
    held_out = {draw(random).prompt for draw in task.tests.values() for _ in range(2_000)}
    assert not held_out & {task.draw(random).prompt for _ in range(5_000)}


def test_three_heads_carry_the_givers_name_and_the_fourth_nothing(tmp_path: Path) -> None:
    claims = """
claim three: iia(movers) >= 0.95
claim one: cause(single) <= 0.6
claim fourth: cause(fourth) <= 0.05
claim position: iia(positions) <= 0.05
"""
    done = verify_beside("ioi", tmp_path, claims)
    assert done.status == 0
    assert done.quantity("three")["estimate"] == 1.0
    assert done.quantity("fourth")["estimate"] == done.quantity("position")["estimate"] == 0.0
    # By plain hooks on 3,000 items, .408 of those that change the answer.
    assert done.quantity("one")["estimate"] == pytest.approx(0.408, abs=0.1)
