"""Faults that other tools for causal abstraction have shown, each made impossible here: seen from a spec's verdicts.

Most networks are wired by hand or answered for by the library's own forward, prompt by prompt.
"""

import json
import pickle
import re
import runpy
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from cspec.cli.main import main
from cspec.compiler.encode_prompts import choose_templates
from cspec.compiler.terms import ESTIMAND_VERSIONS
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, PreTrainedModel

from .tools import FOLDER, verify

ENGINES = ("fused", "hooks", "pyvene")
WORDS = ["<s>", "<pad>", "?", "then", "now", "yes", "no", "Ro", "man", "ia", *map(str, range(8))]
ID = {word: index for index, word in enumerate(WORDS)}

# --- positions: of padded prompts, and of a text that occurs several times --------------------------------------------

TEMPLATES = ("7 then {x} then 7 now {y} 7", "{x} {x + 0 as again} then {y}")
PROMPTED = """
task large {
  input  x, y: 0..7
  output big: bool
  prompt "%s" | "%s"
  answer big: { true: " yes", false: " no" } among answers
}
model by_x for large { seen = x  big = seen > 3 }
network lm = transformers("lm") ungated
align placed: by_x -> lm { seen at embed @ {x} }
claim moved: iia(placed) >= 0.9 exhaustively
"""


@pytest.mark.parametrize("engine", ENGINES)
def test_a_slot_is_where_it_was_written_whatever_stands_beside_it(engine: str, tmp_path: Path) -> None:
    """The tokenizer pads on the left and cuts prompts off, as its file says; `7` and `{x}` also stand elsewhere."""
    config = LlamaConfig(
        vocab_size=len(WORDS), hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=24,
    )  # fmt: skip
    torch.manual_seed(0)
    model = write_lm(tmp_path / "lm", LlamaForCausalLM(config), scale=0.5)
    (tmp_path / "s.cspec").write_text(PROMPTED % TEMPLATES)
    found = verify(tmp_path / "s.cspec", tmp_path / "store", "--engine", engine)
    counted = {cell["half"]: (cell["right"], cell["n"]) for cell in found.quantity("moved")["cells"]}
    inputs = list(product(range(8), repeat=2))
    which = choose_templates(np.array(inputs), [8, 8], len(TEMPLATES))
    assert len(set(which.tolist())) == 2  # prompts of two lengths
    says_yes = {}
    for (x, y), template in zip(inputs, which.tolist(), strict=True):
        for new in range(8):  # an interchange of the embedding is another word at the slot, and nowhere else
            words = [["7", "then", "X", "then", "7", "now", f"{y}", "7"], ["X", f"{x}", "then", f"{y}"]][template]
            prompt = ["<s>", *(str(new) if word == "X" else word for word in words)]
            with torch.no_grad():
                logits = model(torch.tensor([[ID[word] for word in prompt]])).logits[0, -1]
            says_yes[x, y, new] = bool(logits[ID["yes"]] > logits[ID["no"]])
    halves = {"changing": [0, 0], "keeping": [0, 0]}
    for (x, y), (new, _) in product(inputs, inputs):
        half = halves["changing" if (x > 3) != (new > 3) else "keeping"]
        half[0] += says_yes[x, y, new] == (new > 3)
        half[1] += 1
    assert counted == {name: tuple(half) for name, half in halves.items()}
    assert 0 < halves["changing"][0] < halves["changing"][1]


# --- settings: none is ignored ----------------------------------------------------------------------------------------

ALIGN = "align a: both_equalities -> neither { left at hidden[2] via rotation %s }"
BASE = (FOLDER / "neither.cspec").read_text(encoding="utf-8").split("align ")[0]


@pytest.mark.parametrize(
    ("declared", "code"),
    [
        (ALIGN % "size 1 fit { learning_rate: 0.1 }", "CS310"),
        ("pairs more for equality { batch_size 3 }", "CS001"),
        ('network other = torch("neither.safetensors", batch_size: 3)', "CS121"),
        ('network other = transformers("lm", batch_size: 3)', "CS121"),
        ('type T = csv("t.csv", seperator: ";")', "CS158"),
        ("settings { learning_rate: 0.1 }", "CS310"),
        ("settings { controls { restarts: 9 } }", "CS310"),
        ("claim c: iia(a) >= 0.9 with seeds 3", "CS001"),
        (ALIGN % "(steps: 3) size 1", "CS307"),
    ],
)
def test_a_key_that_is_not_known_is_an_error(
    declared: str, code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = re.sub(r"settings \{.*\}\n", "", BASE) if declared.startswith("settings") else BASE
    (tmp_path / "neither.safetensors").write_bytes((FOLDER / "neither.safetensors").read_bytes())
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    (tmp_path / "s.cspec").write_text(text + declared + "\n")
    assert main(["check", str(tmp_path / "s.cspec")]) == 2
    assert f"error[{code}" in capsys.readouterr().err


# --- answers: compared whole, and nothing passes by being empty -------------------------------------------------------

SAID = """
task country {
  input  x: 0..2
  output said: 0..2
  prompt "now {x}"
  answer said: { 0: " man", 1: " Ro man ia", 2: " no" }
}
model same for country { said = x }
network lm = transformers("lm")
claim solves: accuracy(lm) == 0 exhaustively
"""


@pytest.mark.parametrize(
    ("says", "right"),
    [
        (["man"], 1),  # it is a part of ` Ro man ia`, and right for ` man` alone
        (["Ro", "man"], 0),
        (["Ro", "man", "ia"], 1),
        (["<s>"], 0),
    ],
)
def test_an_answer_is_no_part_of_another(says: list[str], right: int, tmp_path: Path) -> None:
    """The network says the same words after every prompt."""
    write_parrot(tmp_path / "lm", prompt=3, says=says)
    (tmp_path / "s.cspec").write_text(SAID)
    quantity = verify(tmp_path / "s.cspec", tmp_path / "store").quantity("solves")
    assert (quantity["right"], quantity["n"]) == (right, 3)


# --- variables: a second one changes nothing of the first -------------------------------------------------------------


def test_another_variable_or_alignment_moves_no_count(tmp_path: Path) -> None:
    (tmp_path / "neither.safetensors").write_bytes((FOLDER / "neither.safetensors").read_bytes())
    one = "align a: both_equalities -> neither { left at hidden[2][0] }\nclaim left: iia(a.left) <= 0.9\n"
    more = """
align b: both_equalities -> neither { left at hidden[2][0]  right at hidden[2][1] }
align c: both_equalities -> neither { left at hidden[2][1]  right at hidden[2][0] }
claim right: iia(b.right) <= 0.9
claim swapped: iia(c) <= 0.9
claim joint: iia(b.left) <= 0.9
"""
    cells = []
    for name, text in (("one", one), ("more", more + one)):
        (tmp_path / f"{name}.cspec").write_text(BASE + text)
        found = verify(tmp_path / f"{name}.cspec", tmp_path / name)
        cells.append([(c["set"], c["half"], c["right"], c["n"]) for c in found.quantity("left")["cells"]])
        if name == "more":
            assert found.quantity("right")["cells"] != found.quantity("joint")["cells"]
    short, long = cells
    assert [(s, h) for s, h, *_ in short] == [(s, h) for s, h, *_ in long]
    looked = min(sum(n for *_, n in each) for each in cells)
    assert looked >= 256
    if sum(n for *_, n in short) == sum(n for *_, n in long):
        assert short == long


# --- causal models: shared parts are computed once --------------------------------------------------------------------


def test_stacked_diamonds_are_no_tree(tmp_path: Path) -> None:
    """Sixty diamonds: 180 variables, and 2^60 ways from the input to the output."""
    lines = ["d0 = x == y"]
    for i in range(60):
        lines += [f"a{i} = not d{i}", f"b{i} = d{i} or d{i}", f"d{i + 1} = a{i} != b{i} and d{i}"]
    spec = tmp_path / "s.cspec"
    spec.write_text(
        "task t { input x, y: 0..7  output same: bool  tokens [x, y]  answer same: { false: 0, true: 1 } }\n"
        "model deep for t {\n  " + "\n  ".join(lines) + "\n  same = d60\n}\n"
        'network net = torch("net.safetensors")\nalign a: deep -> net { d0 at hidden[2][0] }\n'
        "claim solves: accuracy(net) == 1 exhaustively\nclaim first: iia(a) == 1 exhaustively\n"
    )
    bits = np.arange(8)[:, None] >> np.arange(3) & 1
    apart = np.concatenate([np.eye(3), -np.eye(3)])
    equal = {
        "embed.weight": bits,
        "layers.0.weight": np.concatenate([apart, -apart], axis=1),
        "layers.0.bias": np.zeros(6),
        "layers.1.weight": -np.ones((1, 6)),
        "layers.1.bias": np.ones(1),
        "head.weight": np.array([[-2], [2]]),
        "head.bias": np.array([1, -1]),
    }
    write_mlp(tmp_path / "net.safetensors", equal, inputs=2)
    found = verify(spec, tmp_path / "store")
    assert (found.said("solves"), found.said("first")) == ("holds", "holds")


# --- searches: on `select`, never on `test` ---------------------------------------------------------------------------

HELD_OUT = """
task equality {
  input  w, x, y, z: 0..63
  output same: bool
  tokens [w, x, y, z]
  answer same: { false: 0, true: 1 }
}
model equalities for equality { left = w == x  right = y == z  same = left == right }
network net = torch("net.safetensors")
pairs main for equality { size 4_000  holdout w, x, y, z in 48..63 }
align found: equalities -> net { left in hidden[2][*] }
claim solves: accuracy(net) >= 0.95
claim here: iia(found) >= 0.9 expect unsupported
settings { controls { random: 1 } }
"""


def test_a_site_is_chosen_where_it_is_not_tested(tmp_path: Path) -> None:
    """Of held-out symbols the second neuron of layer 2 tells whether two are equal, of all others the first."""
    wire = runpy.run_path(str(FOLDER.parents[1] / "tests" / "docs" / "verdicts" / "wire.py"))["wire"]()
    bits = wire["embed.weight"].shape[1]
    held = np.zeros((1, 4 * bits))
    held[0, [4, 5]] = 1  # of `w`: in fit and select none is 48 or more, in test all are
    tensors = wire | {
        "layers.0.weight": np.concatenate([wire["layers.0.weight"], held]),
        "layers.0.bias": np.append(wire["layers.0.bias"], -1),
        "layers.1.weight": np.array(
            [[*row, turn] for row, turn in zip(wire["layers.1.weight"][[0, 0, 1]], [-2, 2, 0], strict=True)]
        ),
        "layers.1.bias": np.array([1, -1, 1]),
        "layers.2.weight": np.array([[1, 1, -1], [-1, -1, 1]]),
    }
    write_mlp(tmp_path / "net.safetensors", tensors, inputs=4)
    (tmp_path / "s.cspec").write_text(HELD_OUT)
    found = verify(tmp_path / "s.cspec", tmp_path / "store")
    assert (found.said("solves"), found.said("here")) == ("holds", "unsupported")
    table = {row["place"]: (row["select"], row["chosen"]) for row in found.quantity("here")["search"]}
    assert table["hidden[2][0]"] == (1.0, True)
    assert table["hidden[2][1]"][0] < 0.6
    cells = {cell["half"]: cell["right"] / cell["n"] for cell in found.quantity("here")["cells"]}
    assert cells == {"changing": 0.0, "keeping": 1.0}  # on test the chosen neuron is still


# --- pickles: none is opened, and no code of a folder is run ----------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
def test_nothing_is_unpickled(engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_parrot(tmp_path / "lm", prompt=3, says=["yes"])
    (tmp_path / "lm" / "pytorch_model.bin").write_bytes(pickle.dumps(Path("trap")))
    (tmp_path / "lm" / "modeling_trap.py").write_text("raise SystemExit('code of the folder was run')\n")
    (tmp_path / "s.cspec").write_text(PROMPTED % ("now {x} {y}", "then {x} {y}"))

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("something was unpickled")

    for where, name in ((pickle, "load"), (pickle, "loads"), (torch, "load")):
        monkeypatch.setattr(where, name, refuse)
    found = verify(tmp_path / "s.cspec", tmp_path / "store", "--engine", engine)
    assert found.quantity("moved")["n"] == 4096


# --- definitions: a figure says by which one it was computed ----------------------------------------------------------


def test_a_definition_that_changes_is_another_estimand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "neither.safetensors").write_bytes((FOLDER / "neither.safetensors").read_bytes())
    align = "align a: both_equalities -> neither { left at hidden[2][0] }\n"
    spec, store = tmp_path / "s.cspec", tmp_path / "store"
    spec.write_text(BASE + align + "claim left: iia(a.left) <= 0.9\nclaim solves: accuracy(neither) >= 0.9\n")
    assert main(["lock", str(spec)]) == 0
    before = verify(spec, store)
    monkeypatch.setitem(ESTIMAND_VERSIONS, "iia", ESTIMAND_VERSIONS["iia"] + 1)
    after = verify(spec, store)
    for claim, same in (("left", False), ("solves", True)):
        one, two = before.quantity(claim), after.quantity(claim)
        assert (one["keys"]["scores"] == two["keys"]["scores"]) == same
        assert (one["version"] == two["version"]) == same
    results = sorted((store / "results").iterdir(), key=lambda path: path.stat().st_mtime_ns)
    capsys.readouterr()
    main(["diff", *map(str, results), "--store", str(store)])
    assert "its definition changed: version 1 before, 2 after" in " ".join(capsys.readouterr().out.split())
    assert main(["verify", str(spec), "--locked", "--store", str(store)]) == 2
    assert "what it measures" in " ".join(capsys.readouterr().err.split())


# --- networks ---------------------------------------------------------------------------------------------------------


def write_lm(folder: Path, model: PreTrainedModel, scale: float = 0.0) -> PreTrainedModel:
    """A model's folder, with a tokenizer of whole words that puts `<s>` before them, pads on the left and truncates."""
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(scale * torch.randn(weight.shape))
    model.eval().save_pretrained(folder)
    tokenizer = Tokenizer(models.WordLevel(ID, unk_token="?"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", ID["<s>"])])
    tokenizer.enable_padding(direction="left", pad_id=ID["<pad>"], pad_token="<pad>", length=16)
    tokenizer.enable_truncation(max_length=3)
    tokenizer.save(str(folder / "tokenizer.json"))
    return model


def write_parrot(folder: Path, prompt: int, says: list[str]) -> None:
    """A network that says words one after the other after a prompt of so many tokens, `<s>` elsewhere."""
    width = max(len(says) + 1, 2)
    config = GPT2Config(
        vocab_size=len(WORDS), n_embd=width, n_layer=1, n_head=1, n_positions=16, tie_word_embeddings=False
    )
    model = GPT2LMHeadModel(config)
    with torch.no_grad():
        for weight in model.parameters():
            weight.zero_()
        model.transformer.ln_f.weight.fill_(1)
        for position in range(16):
            place = position - (prompt - 1)
            said = place if 0 <= place < len(says) else len(says)
            model.transformer.wpe.weight[position, said] = 1
        for place, word in enumerate([*says, "<s>"]):
            model.lm_head.weight[ID[word], place] += 1
    write_lm(folder, model)


def write_mlp(path: Path, tensors: dict[str, Any], inputs: int) -> None:
    """An MLP with two classes from its tensors."""
    vocab, embed = tensors["embed.weight"].shape
    hidden = [len(tensors[f"layers.{i}.bias"]) for i in range(3) if f"layers.{i}.bias" in tensors]
    config = {"architecture": "mlp", "vocab": vocab, "inputs": inputs, "embed": embed, "hidden": hidden, "classes": 2}
    plain = {name: np.ascontiguousarray(tensor, dtype=np.float32) for name, tensor in tensors.items()}
    save_file(plain, path, metadata={"cspec.config": json.dumps(config)})
