"""Transformers from the command line: any engine, modules as sites, and what is wrong with a folder."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from cspec.compiler.pipeline import check_spec
from cspec.lang.diagnostics import Source
from cspec.runtime.networks.transformers.drive import Driver, Piece
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    OPTConfig,
    OPTForCausalLM,
    PreTrainedModel,
)

from .tools import run

SPEC = """
task first_two {
  input  w, x, y, z: 0..29
  output same: bool
  tokens [w, x, y, z]
  answer same @ last: { false: 30, true: 31 } among answers
}
model compared for first_two { left: bool = w == x  same = left }
network lm = transformers("lm"OPTIONS) ungated
pairs main for first_two { size 2_000 }
align given: compared -> lm over main { left at SITE via MAP }
claim carried: iia(given) >= 0.9
"""


def write(folder: Path, site: str, map: str = "identity", options: str = "") -> Path:
    spec = folder / "first.cspec"
    spec.write_text(SPEC.replace("SITE", site).replace("MAP", map).replace("OPTIONS", options))
    return spec


def draw(model: PreTrainedModel) -> PreTrainedModel:
    """The same weights in every run: the library's own matrices are drawn anew each time."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.dim() > 1:
                weight.zero_()
            weight.add_(torch.randn(weight.shape, generator=generator) * 0.3)
    return model


@pytest.fixture
def gpt2(tmp_path: Path) -> Path:
    config = GPT2Config(
        vocab_size=40, n_embd=16, n_layer=3, n_head=4, n_positions=8, bos_token_id=0, eos_token_id=0
    )  # fmt: skip
    draw(GPT2LMHeadModel(config)).save_pretrained(tmp_path / "lm")
    return tmp_path


@pytest.fixture
def opt(tmp_path: Path) -> Path:
    config = OPTConfig(
        vocab_size=40,
        hidden_size=16,
        word_embed_proj_dim=16,
        num_hidden_layers=2,
        num_attention_heads=4,
        ffn_dim=24,
        max_position_embeddings=8,
    )
    draw(OPTForCausalLM(config)).save_pretrained(tmp_path / "lm")
    return tmp_path


def counts(folder: Path, *options: str) -> list[list[int]]:
    """How many items of each set and half an interchange got right, of how many."""
    done = run("verify", folder / "first.cspec", "--json", "--store", folder / "store", *options)
    assert done.err == ""
    (verdict,) = done.document["result"]["verdicts"]
    (quantity,) = verdict["quantities"]
    return [[cell["right"], cell["n"]] for cell in quantity["cells"]]


@pytest.mark.parametrize("engine", ["fused", "hooks", "pyvene"])
def test_a_module_is_the_site_that_the_component_is(gpt2: Path, engine: str) -> None:
    write(gpt2, "mlp_out[1] @ {x}")
    component = counts(gpt2, "--engine", engine)
    assert all(0 < right < n for right, n in component)
    for dims in ("[0..15]", ""):
        write(gpt2, f'module("transformer.h.1.mlp.c_proj"){dims} @ {{x}}')
        assert counts(gpt2, "--engine", engine) == component


def test_a_map_of_a_whole_module_is_learned_as_that_of_the_component(gpt2: Path) -> None:
    write(gpt2, "resid_post[1] @ {x}", "pca size 2")
    component = counts(gpt2)
    assert all(0 < right < n for right, n in component)
    write(gpt2, 'module("transformer.h.1") @ {x}', "pca size 2")
    assert counts(gpt2) == component
    spec = gpt2 / "first.cspec"
    (experiment,) = check_spec(Source(spec, spec.read_text())).controlled
    reasons = {control.name: control.why for control in experiment.quantities[0].vetoes}
    assert reasons["child"] == "what comes after a module is known to its network alone"


def test_engines_count_the_same_with_a_map_that_is_learned(gpt2: Path) -> None:
    """Each engine fits its own map; the items, and what it finds of them, are the same."""
    write(gpt2, "head_out[1, 2] @ {x}", "pca size 2")
    found = [counts(gpt2, "--engine", engine) for engine in ("fused", "hooks", "pyvene")]
    assert found[0] == found[1] == found[2]


def test_an_unknown_architecture_is_run_by_its_modules(opt: Path) -> None:
    write(opt, 'module("model.decoder.layers.0.fc2")[0..15] @ {x}')
    assert all(n > 0 for _, n in counts(opt))
    spec = write(opt, 'module("model.decoder.layers.0.fc2")[0..15] @ {x}', "rotation size 2")
    refused = run("verify", spec)
    assert refused.status == 2
    assert "error[CS519]: the learned map of `left`, in a network of which only modules are known," in refused.err


@pytest.mark.parametrize(
    ("site", "message", "help"),
    [
        ('module("transformer.h.1.mpl")[0..3] @ {x}', "the network has no module", "`transformer.h.1.mlp`"),
        ('module("transformer.ln_f")[0..16] @ {x}', "expected dims 0..15", "that the module gives"),
        ('module("transformer.wpe")[0..3] @ {x}', "gives a tensor of shape [1, ", "one vector for each token"),
    ],
)
def test_a_module_that_is_no_site(gpt2: Path, site: str, message: str, help: str) -> None:
    done = run("verify", write(gpt2, site))
    assert done.status == 4
    assert "error[CS538]" in done.err
    assert message in done.err
    assert help in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("path", ["transformer.h.1.mlp.dropout", "transformer.h.3.mlp", "transformer.ln_f"])
def test_a_whole_module_whose_width_is_not_known_is_refused(gpt2: Path, path: str) -> None:
    done = run("verify", write(gpt2, f'module("{path}") @ {{x}}'))
    assert done.status == 2
    assert "error[CS519]" in done.err
    assert 'at module("PATH")[0..63] @ last' in done.err


def test_a_whole_module_of_an_unknown_architecture_is_refused(opt: Path) -> None:
    spec = write(opt, 'module("model.decoder.layers.0.fc2") @ {x}')
    assert run("check", spec).status == 0
    done = run("verify", spec)
    assert (done.status, "error[CS519]" in done.err) == (2, True)


@pytest.mark.parametrize(
    ("site", "map", "code"),
    [
        ('module("transformer.h.1.mlp")[0..16] @ {x}', "identity", "CS321"),
        ('module("transformer.h.1.mlp") @ {x}', "rotation size 17", "CS322"),
    ],
)
def test_a_known_width_is_checked_before_anything_runs(gpt2: Path, site: str, map: str, code: str) -> None:
    done = run("check", write(gpt2, site, map))
    assert done.status == 2
    assert f"error[{code}]" in done.err


@pytest.mark.parametrize(("options", "code"), [(', device: "cuda:7"', "CS537"), ("", "CS503")])
def test_a_network_that_cannot_be_run_ends_with_its_code(gpt2: Path, options: str, code: str) -> None:
    spec = write(gpt2, "mlp_out[1] @ {x}", options=options)
    if code == "CS503":
        (gpt2 / "lm" / "model.safetensors").rename(gpt2 / "lm" / "pytorch_model.bin")
    assert run("check", spec).status == 0
    done = run("verify", spec)
    assert done.status == 4
    assert f"error[{code}]" in done.err


def test_bfloat16_is_another_network_to_the_store(gpt2: Path) -> None:
    write(gpt2, "mlp_out[1] @ {x}")
    exact = counts(gpt2)
    write(gpt2, "mlp_out[1] @ {x}", options=", dtype: bfloat16")
    rounded = counts(gpt2)
    assert [n for _, n in rounded] == [n for _, n in exact]
    assert sum(abs(a - b) for (a, _), (b, _) in zip(exact, rounded, strict=True)) < 0.1 * sum(n for _, n in exact)
    assert len(list((gpt2 / "store" / "results").glob("*.json"))) == 2


PROMPTED = """
task below {
  input lo, hi: 110..199
  output ok: bool
  prompt "Is {lo} below {hi}?"
  answer ok: { true: " yes", false: " no" } among answers
}
model ordered for below { less: bool = lo < hi  ok = less }
network lm = transformers("lm") ungated
pairs main for below { size 2_000 }
align given: ordered -> lm over main { less at resid_post[0] @ {hi}.all via pca size 3 }
claim carried: iia(given) >= 0.9
"""


def test_all_tokens_of_a_slot_are_one_vector(tmp_path: Path) -> None:
    shutil.copytree(Path(__file__).parents[1] / "golden" / "good" / "lm", tmp_path / "lm")
    draw(AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(tmp_path / "lm"))).save_pretrained(tmp_path / "w")
    shutil.copyfile(tmp_path / "w" / "model.safetensors", tmp_path / "lm" / "model.safetensors")
    (tmp_path / "first.cspec").write_text(PROMPTED)
    found = [counts(tmp_path, "--engine", engine) for engine in ("fused", "hooks", "pyvene")]
    assert found[0] == found[1] == found[2]
    assert all(0 < right < n for right, n in found[0])


@pytest.mark.parametrize("map", ["identity", "rotation size 2"])
def test_memory_that_holds_few_items_changes_no_verdict(gpt2: Path, map: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As an allocator fails: runs of more than so many items do, in evaluations and in fits."""
    spec = write(gpt2, "resid_post[1] @ {x}", map)
    if map != "identity":
        spec.write_text(spec.read_text().replace(f"via {map} }}", f"via {map}\n fit {{ steps: 10, seeds: 1 }} }}"))
    roomy = counts(gpt2)
    shutil.rmtree(gpt2 / "store")
    run_whole, tried = Driver.logits, []

    def logits(driver: Driver, piece: Piece, *rest: Any) -> torch.Tensor:
        tried.append(len(piece.tokens))
        if tried[-1] > 20:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9999 bytes")
        return run_whole(driver, piece, *rest)

    monkeypatch.setattr(Driver, "logits", logits)
    assert counts(gpt2) == roomy
    assert max(tried) > 20 > min(tried)
    shutil.rmtree(gpt2 / "store")
    monkeypatch.setattr(Driver, "logits", lambda driver, piece, *rest: logits(driver, replace(piece, tokens=_MANY)))
    done = run("verify", spec, "--store", gpt2 / "store")
    assert done.status == 4
    assert "error[CS548]" in done.err
    assert not list((gpt2 / "store").rglob(".partial-*"))


_MANY = torch.zeros(21, 4, dtype=torch.int64)
