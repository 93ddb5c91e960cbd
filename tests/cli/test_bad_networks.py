"""What is wrong with a network, its tokenizer or its device: a code, the place and a remedy, and nothing is written."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from transformers import GPT2Config, GPT2LMHeadModel, GPT2Model, PreTrainedModel

from .tools import run

SPEC = """
task below {
  input lo, hi: 0..9
  output ok: bool
  prompt "is {lo} more {hi} ?"
  answer ok: { true: " yes", false: " no" }
}
model ordered for below { less: bool = lo < hi  ok = less }
network lm = transformers("lm") ungated
align given: ordered -> lm { less at resid_post[0] @ {hi} via identity }
claim carried: iia(given) >= 0.9 exhaustively
"""
CONFIG = {"n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 16, "bos_token_id": 0, "eos_token_id": 1}


def tokenizer() -> Tokenizer:
    made = Tokenizer(models.WordLevel(unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.WordLevelTrainer(special_tokens=["<unk>", "</s>"])
    made.train_from_iterator(["is more ? yes no", *map(str, range(10))], trainer)
    return made


def network(kind: type[PreTrainedModel] = GPT2LMHeadModel, **changed: object) -> PreTrainedModel:
    torch.manual_seed(0)
    return kind(GPT2Config(**(CONFIG | {"vocab_size": 20} | changed)))


def write(folder: Path, spec: str = SPEC, model: PreTrainedModel | None = None, cut: Tokenizer | None = None) -> Path:
    (model or network()).save_pretrained(folder / "lm")
    (cut or tokenizer()).save(str(folder / "lm" / "tokenizer.json"))
    (path := folder / "spec.cspec").write_text(spec)
    return path


def replaced(old: str, new: str) -> Callable[[Path], Path]:
    assert old in SPEC
    return lambda folder: write(folder, SPEC.replace(old, new))


def _disagree(folder: Path) -> Path:
    spec, config = write(folder), folder / "lm" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"n_embd": 32}))
    return spec


def _weight_that_is_no_number(folder: Path) -> Path:
    model = network()
    model.get_submodule("transformer.h.1.mlp.c_fc").weight.data[0, 0] = float("nan")
    return write(folder, model=model)


def _activations_that_are_no_numbers(folder: Path) -> Path:
    model = network()
    for name in ("c_fc", "c_proj"):
        model.get_submodule(f"transformer.h.1.mlp.{name}").weight.data *= 1e25
    return write(folder, model=model)


def _end_of_text(folder: Path) -> Path:
    cut = tokenizer()
    cut.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return write(folder, cut=cut)


def pointer(name: str) -> Callable[[Path], Path]:
    """A checkout that did not fetch a file, as Git LFS leaves it."""

    def make(folder: Path) -> Path:
        spec = write(folder, SPEC if name.startswith("lm") else SPEC + 'network net = torch("net.safetensors")\n')
        text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'4d7a' * 16}\nsize 12345\n"
        (folder / name).write_text(text, encoding="utf-8")
        return spec

    return make


@pytest.mark.parametrize(
    ("make", "code", "place", "help", "status"),
    [
        (replaced("{lo} more", "{lo}x more"), "CS515", "{lo}", "put a space before and after the slot", 2),
        (replaced('" no"', '" yes no"'), "CS517", "answer ok", "choose another spelling", 2),
        (
            lambda folder: write(folder, model=network(n_positions=4)),
            "CS536",
            '"is {lo} more {hi} ?"',
            "shorten the prompt",
            2,
        ),
        (_end_of_text, "CS545", '"is {lo} more {hi} ?"', "add_eos_token=False", 2),
        (_disagree, "CS506", '"lm"', "its weights and its `config.json` must agree", 4),
        (_weight_that_is_no_number, "CS507", '"lm"', "earlier checkpoint", 4),
        (_activations_that_are_no_numbers, "CS508", '"lm"', "check its weights", 4),
        (
            lambda folder: write(folder, model=network(GPT2Model, tie_word_embeddings=False)),
            "CS539",
            '"lm"',
            "",
            4,
        ),
        (replaced('"lm")', '"lm", device: "cuda:3")'), "CS537", '"lm"', "`device: cpu`", 4),
        (replaced('"lm")', '"lm", device: "tpu")'), "CS121", '"tpu"', "write `device: cpu`", 2),
        (replaced('"lm")', '"some/network")'), "CS531", '"some/network"', "hf download some/network`", 4),
        (
            replaced('"lm")', '"some/network", revision: "v2")'),
            "CS531",
            '"some/network"',
            "hf download some/network --revision v2`",
            4,
        ),
        (replaced('"lm")', '"some/network", revision: "../v2")'), "CS531", '"some/network"', "name a branch", 4),
        (pointer("lm/model.safetensors"), "CS502", '"lm"', "`git lfs pull`", 4),
        (pointer("lm/tokenizer.json"), "CS502", '"lm"', "`git lfs pull`", 4),
        (pointer("net.safetensors"), "CS502", '"net.safetensors"', "`git lfs pull`", 4),
    ],
)
def test_a_network_that_cannot_be_asked_ends_with_its_code_and_leaves_nothing(
    make: Callable[[Path], Path],
    code: str,
    place: str,
    help: str,
    status: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    spec = make(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    done = run("verify", spec)
    assert done.status == status
    assert f"error[{code}]" in done.err
    assert f" --> {spec}:" in done.err
    assert place in done.err
    assert "help: " in done.err
    assert help in done.err
    assert "holds" not in done.out
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_the_network_that_others_are_spoilt_from_is_asked(tmp_path: Path) -> None:
    assert run("verify", write(tmp_path)).status in (0, 1)


JUDGED = """
task reply {
  input lo, hi: 0..1
  prompt "is {lo} more {hi} ?"
  answer text(%d)
  metric good: 0..1 = judge[answer]
}
table judge = csv("judge.csv", key: said, value: score)
network lm = transformers("lm")
claim replies: mean(good on lm) >= 0.5 exhaustively
"""


@pytest.mark.parametrize(("end", "severity", "status"), [(None, "error", 2), (1, "warning", 0)])
def test_a_text_that_outgrows_the_context_is_found_before_it_is_generated(
    tmp_path: Path, end: int | None, severity: str, status: int
) -> None:
    """Behind a prompt of 5 of 16 tokens, 12 are generated by feeding 11; a token that ends texts may come before."""
    (tmp_path / "judge.csv").write_text("said,score\nyes,1\n")
    model = network(eos_token_id=end)
    assert model.generation_config is not None
    model.generation_config.eos_token_id = end
    done = run("check", write(tmp_path, JUDGED % 13, model))
    assert done.status == status
    outgrows = "outgrows" if end is None else "may outgrow"
    assert (
        f"{severity}[CS536]: an answer of 13 tokens {outgrows} the context: the network `lm` reads 1 to 16, and"
        in done.err
    )
    assert "help: write `answer text(12)`" in done.err
    model.get_submodule("transformer.wte").weight.data[:2] = 0  # no text ends: another token is always the best
    ran = run("verify", write(tmp_path, JUDGED % 13, model))
    assert ran.status == 2
    assert "error[CS536]" in ran.err
    done = run("verify", write(tmp_path, JUDGED % 12, model))
    assert (done.status, done.err) == (3, "")
    assert "awaiting_scores" in done.out
