"""Transformers from a folder: their weights as they are, drawn anew by their own law, or refused with the reason."""

import json
import re
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from cspec.compiler.experiments import NetworkFile
from cspec.compiler.keys import weights_hash
from cspec.compiler.network_facts import BadCheckpointError, read_transformer_facts
from cspec.compiler.plan import NetworkSource
from cspec.runtime.errors import EnvironmentProblem
from cspec.runtime.networks import load_network
from cspec.runtime.networks.transformers import TransformerNetwork
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import AutoModelForCausalLM, BertModel, ViTConfig

from .tools import CONFIGS, draw_tokens, network_of

Weights = dict[str, Tensor]


def saved(name: str, folder: Path) -> NetworkFile:
    """A network of the tools in the Hugging Face format."""
    network_of(name).model.save_pretrained(folder)
    return NetworkFile("net", folder, read_transformer_facts(folder))


def load(file: NetworkFile, draw: int | None = None, seed: int = 0) -> TransformerNetwork:
    network = load_network(NetworkSource("key", file, draw, seed))
    assert isinstance(network, TransformerNetwork)
    return network


def change_weights(folder: Path, change: Callable[[Weights], object]) -> None:
    path = folder / "model.safetensors"
    weights = {name: tensor.clone() for name, tensor in load_file(path).items()}
    change(weights)
    save_file(weights, path, {"format": "pt"})


def change_config(folder: Path, **entries: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))


@pytest.mark.parametrize("name", CONFIGS)
def test_a_network_comes_back_as_it_was_saved(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, tokens = saved(name, tmp_path), draw_tokens()

    def no_network(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked for something")

    monkeypatch.setattr(socket.socket, "connect", no_network)
    network = load(file)
    torch.testing.assert_close(network(tokens), network_of(name)(tokens), atol=1e-6, rtol=1e-6)
    assert all(not weight.requires_grad and weight.dtype == torch.float32 for weight in network.model.parameters())
    assert not network.model.training


def test_sharded_weights_are_read(tmp_path: Path) -> None:
    network_of("gpt2").model.save_pretrained(tmp_path, max_shard_size="10KB")
    assert len(list(tmp_path.glob("*.safetensors"))) > 1
    file = NetworkFile("net", tmp_path, read_transformer_facts(tmp_path))
    assert torch.equal(load(file)(draw_tokens()), network_of("gpt2")(draw_tokens()))
    sorted(tmp_path.glob("*.safetensors"))[-1].unlink()
    with pytest.raises(EnvironmentProblem, match="lack `model-0") as raised:
        load(file)
    assert raised.value.code == "CS502"


def test_the_dtype_is_the_declared_one(tmp_path: Path) -> None:
    file = replace(saved("llama", tmp_path), dtype="bfloat16")
    network, tokens = load(file), draw_tokens()
    assert all(weight.dtype == torch.bfloat16 for weight in network.model.parameters())
    library = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.bfloat16)
    assert torch.equal(network(tokens), library(input_ids=tokens).logits.float())
    drawn = load(file, 0, seed=3)  # positions keep their precision
    assert all(weight.dtype == torch.bfloat16 for weight in drawn.model.parameters())
    assert drawn.model.get_submodule("model.rotary_emb").inv_freq.dtype == torch.float32


def test_loading_says_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = saved("gpt2", tmp_path)
    capfd.readouterr()
    load(file)(torch.zeros(2, 5, dtype=torch.int64))  # 0 is what its configuration pads with
    assert capfd.readouterr() == ("", "")


def test_a_drawn_network_follows_its_law_and_its_seed_alone(tmp_path: Path) -> None:
    file, tokens = saved("gpt2", tmp_path), draw_tokens()
    torch.manual_seed(0)
    one, state = load(file, 0, seed=3), torch.get_rng_state()
    torch.manual_seed(1)
    again, other = load(file, 0, seed=3), load(file, 1, seed=4)
    assert torch.equal(one(tokens), again(tokens))
    assert not torch.equal(one(tokens), other(tokens))
    torch.manual_seed(0)
    assert torch.equal(torch.get_rng_state(), state)  # drawing leaves the caller's generator where it was
    weights = dict(one.model.named_parameters())
    # Radford et al. 2019: normal with .02, projections into the stream smaller by the root of the number of additions
    assert float(weights["transformer.wte.weight"].std()) == pytest.approx(0.02, rel=0.15)
    assert float(weights["transformer.h.1.mlp.c_fc.weight"].std()) == pytest.approx(0.02, rel=0.15)
    assert float(weights["transformer.h.1.mlp.c_proj.weight"].std()) == pytest.approx(0.02 / 6**0.5, rel=0.15)
    assert float(weights["transformer.h.1.ln_1.weight"].min()) == 1 == float(weights["transformer.ln_f.weight"].max())
    half = load(replace(file, dtype="bfloat16"), 0, seed=3)
    kept = half.model.state_dict()["transformer.wte.weight"]
    assert torch.equal(kept, weights["transformer.wte.weight"].to(torch.bfloat16))


def test_frozen_tensors_are_copied_and_move_no_other(tmp_path: Path) -> None:
    file = saved("gpt2", tmp_path)
    free = load(file, 0, seed=3).model.state_dict()
    change_config(tmp_path, cspec={"frozen": ["transformer.wpe.weight"]})
    frozen = replace(file, facts=read_transformer_facts(tmp_path))
    held = load(frozen, 0, seed=3).model.state_dict()
    original = network_of("gpt2").model.state_dict()
    for name, tensor in held.items():
        expected = original if name == "transformer.wpe.weight" else free
        assert torch.equal(tensor, expected[name]), name
    change_config(tmp_path, cspec={"frozen": ["transformer.nothing"]})
    with pytest.raises(EnvironmentProblem, match=r"`frozen` of `net` names `transformer\.nothing`"):
        load(replace(file, facts=read_transformer_facts(tmp_path)), 0, seed=3)


LAYER = "transformer.h.1.ln_1.weight"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w.pop(LAYER), f"expected a tensor `{LAYER}` of `net`, found none"),
        (lambda w: w.update({LAYER: torch.zeros(3)}), rf"expected `{LAYER}` of `net` of shape \[16\], found \[3\]"),
        (
            lambda w: w.update({LAYER: w[LAYER].to(torch.int8)}),
            rf"expected `{LAYER}` of `net` in floating point, found I8",
        ),
        (lambda w: w.update(more=torch.zeros(3)), "hold `more`, which its configuration does not know"),
    ],
)
def test_weights_that_disagree_with_the_configuration(
    tmp_path: Path, change: Callable[[Weights], object], message: str
) -> None:
    file = saved("gpt2", tmp_path)
    change_weights(tmp_path, change)
    with pytest.raises(EnvironmentProblem, match=message) as raised:
        load(file)
    assert raised.value.code == "CS506"
    assert "config.json" in raised.value.help or "quantized" in raised.value.help


@pytest.mark.parametrize("layers", [2, 4])
def test_a_configuration_with_other_layers_than_the_weights(tmp_path: Path, layers: int) -> None:
    saved("gpt2", tmp_path)
    change_config(tmp_path, n_layer=layers)
    with pytest.raises(EnvironmentProblem, match=r"transformer\.h\.[23]") as raised:
        load(NetworkFile("net", tmp_path, read_transformer_facts(tmp_path)))
    assert raised.value.code == "CS506"


@pytest.mark.parametrize("broken", [float("nan"), float("inf")])
def test_weights_that_are_not_finite(tmp_path: Path, broken: float) -> None:
    file = saved("gpt2", tmp_path)
    change_weights(tmp_path, lambda w: w[LAYER].fill_(broken))
    with pytest.raises(EnvironmentProblem, match=LAYER) as raised:
        load(file)
    assert raised.value.code == "CS507"


def test_truncated_pickled_and_missing_weights(tmp_path: Path) -> None:
    file = saved("gpt2", tmp_path)
    path = tmp_path / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(EnvironmentProblem, match="truncated") as raised:
        load(file)
    assert raised.value.code == "CS504"
    torch.save({}, tmp_path / "pytorch_model.bin")
    path.unlink()
    with pytest.raises(EnvironmentProblem, match="pickled") as raised:
        load(file)
    assert raised.value.code == "CS503"
    assert "save_pretrained" in raised.value.help
    (tmp_path / "pytorch_model.bin").unlink()
    with pytest.raises(EnvironmentProblem, match=r"holds no `model\.safetensors`") as raised:
        load(file)
    assert raised.value.code == "CS502"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"weight_map": {}}', '{"weight_map": {"a": "../a.safetensors"}}'])
def test_a_broken_index_of_shards(tmp_path: Path, text: str) -> None:
    file = saved("gpt2", tmp_path)
    (tmp_path / "model.safetensors").unlink()
    (tmp_path / "model.safetensors.index.json").write_text(text)
    with pytest.raises(EnvironmentProblem, match="broken") as raised:
        load(file)
    assert raised.value.code == "CS504"


def test_an_adapter_is_not_a_network(tmp_path: Path) -> None:
    file = saved("gpt2", tmp_path)
    (tmp_path / "adapter_config.json").write_text("{}")
    with pytest.raises(EnvironmentProblem, match="adapter"):
        load(file)


def test_a_body_without_its_head(tmp_path: Path) -> None:
    torch.manual_seed(0)
    BertModel(CONFIGS["bert"]).save_pretrained(tmp_path)
    with pytest.raises(EnvironmentProblem, match="no language head") as raised:
        load(NetworkFile("net", tmp_path, read_transformer_facts(tmp_path)))
    assert raised.value.code == "CS539"


def test_a_body_whose_head_is_its_embedding_is_whole(tmp_path: Path) -> None:
    network_of("gpt2").model.base_model.save_pretrained(tmp_path)
    network = load(NetworkFile("net", tmp_path, read_transformer_facts(tmp_path)))
    torch.testing.assert_close(network(draw_tokens()), network_of("gpt2")(draw_tokens()))


def test_a_network_of_no_language_is_refused(tmp_path: Path) -> None:
    saved("gpt2", tmp_path)
    ViTConfig().save_pretrained(tmp_path)
    change_config(tmp_path, vocab_size=50)
    with pytest.raises(EnvironmentProblem, match=r"`net` \(vit\) gives no logits") as raised:
        load(NetworkFile("net", tmp_path, read_transformer_facts(tmp_path)))
    assert raised.value.code == "CS539"


@pytest.mark.parametrize(
    "entries",
    [
        {"model_type": "nonsense"},
        {"layer_norm_epsilon": "x"},
        {"quantization_config": {"quant_method": "bitsandbytes", "load_in_4bit": True}},
    ],
)
def test_a_configuration_that_the_library_refuses(tmp_path: Path, entries: dict[str, object]) -> None:
    file = saved("gpt2", tmp_path)
    change_config(tmp_path, **entries)
    with pytest.raises(EnvironmentProblem, match="of `net` cannot be used") as raised:
        load(file)
    assert raised.value.code == "CS532"
    assert "\n" not in raised.value.message


@pytest.mark.parametrize("device", ["cuda:99", "mps"])
def test_a_device_that_is_not_there(tmp_path: Path, device: str) -> None:
    if device == "mps" and torch.backends.mps.is_available():
        pytest.skip("it is there")
    with pytest.raises(EnvironmentProblem, match=f"expected a device `{device}`") as raised:
        load(replace(saved("gpt2", tmp_path), device=device))
    assert raised.value.code == "CS537"


def test_positions_that_change_with_the_company_of_a_prompt_are_refused(tmp_path: Path) -> None:
    file = saved("llama", tmp_path)
    change_config(
        tmp_path,
        rope_parameters={
            "rope_type": "longrope",
            "rope_theta": 1e4,
            "short_factor": [1.0] * 3,
            "long_factor": [2.0] * 3,
            "original_max_position_embeddings": 8,
            "factor": 4.0,
        },
    )
    with pytest.raises(EnvironmentProblem, match="longrope"):
        load(file)


def test_entries_that_the_library_fills_in_otherwise_are_named(tmp_path: Path) -> None:
    saved("mistral", tmp_path)
    path = tmp_path / "config.json"
    config = json.loads(path.read_text())
    del config["num_key_value_heads"]  # 8 for the library, as many as there are heads for the check
    path.write_text(json.dumps(config))
    with pytest.raises(EnvironmentProblem, match=r"`num_key_value_heads` was taken to be 4, and .* 8") as raised:
        load(NetworkFile("net", tmp_path, read_transformer_facts(tmp_path)))
    assert raised.value.code == "CS532"


@pytest.mark.parametrize("named", [None, "GPT2LMHeadModel", [None], ["GPT2ForSequenceClassification"]])
def test_what_a_configuration_calls_its_classes_is_not_trusted(tmp_path: Path, named: object) -> None:
    file = saved("gpt2", tmp_path)
    change_config(tmp_path, architectures=named)
    assert torch.equal(load(file)(draw_tokens()), network_of("gpt2")(draw_tokens()))


def test_what_bert_was_trained_with_besides_its_head_may_be_there(tmp_path: Path) -> None:
    file = saved("bert", tmp_path)
    spare = {"bert.pooler.dense.weight": torch.zeros(16, 16), "cls.seq_relationship.bias": torch.zeros(2)}
    change_weights(tmp_path, lambda w: w.update(spare))
    torch.testing.assert_close(load(file)(draw_tokens()), network_of("bert")(draw_tokens()))


def test_a_folder_is_known_by_its_configuration_and_weights(tmp_path: Path) -> None:
    saved("gpt2", tmp_path)
    before = weights_hash(tmp_path)
    (tmp_path / "README.md").write_text("about it")
    (tmp_path / "tokenizer.json").write_text("{}")
    assert weights_hash(tmp_path) == before
    change_config(tmp_path, layer_norm_epsilon=0.1)
    assert weights_hash(tmp_path) != before
    configured = weights_hash(tmp_path)
    change_weights(tmp_path, lambda w: w[LAYER].add_(1))
    assert weights_hash(tmp_path) != configured


def test_a_head_of_its_own_where_the_configuration_says_that_there_is_none(tmp_path: Path) -> None:
    file = saved("gpt2", tmp_path)
    embedding = network_of("gpt2").model.get_input_embeddings().weight
    assert isinstance(embedding, Tensor)
    change_weights(tmp_path, lambda w: w.update({"lm_head.weight": embedding.clone()}))
    assert torch.equal(load(file)(draw_tokens()), network_of("gpt2")(draw_tokens()))
    change_weights(tmp_path, lambda w: w.update({"lm_head.weight": 2 * embedding}))
    with pytest.raises(EnvironmentProblem, match="is other than its embedding") as raised:
        load(file)
    assert raised.value.code == "CS506"
    assert "tie_word_embeddings" in raised.value.help
    change_config(tmp_path, tie_word_embeddings=False)
    stated = NetworkFile("net", tmp_path, read_transformer_facts(tmp_path))
    torch.testing.assert_close(load(stated)(draw_tokens()), 2 * network_of("gpt2")(draw_tokens()))


def test_what_the_library_does_not_know_is_named(tmp_path: Path) -> None:
    file = saved("gpt2", tmp_path)
    change_config(tmp_path, activation_function="nope")
    with pytest.raises(EnvironmentProblem, match="knows no 'nope'"):
        load(file)


@pytest.mark.parametrize("name", ["model.safetensors", "model.safetensors.index.json"])
def test_weights_that_cannot_be_opened_are_said_before_they_are_hashed(tmp_path: Path, name: str) -> None:
    saved("gpt2", tmp_path)
    (tmp_path / name).unlink(missing_ok=True)
    for make in ((tmp_path / name).mkdir, lambda: (tmp_path / name).symlink_to("/nowhere")):
        make()
        with pytest.raises(BadCheckpointError, match=name) as raised:
            read_transformer_facts(tmp_path)
        assert raised.value.code == "CS502"
        (tmp_path / name).rmdir() if (tmp_path / name).is_dir() else (tmp_path / name).unlink()


@pytest.mark.parametrize("draw", [None, 0])
@pytest.mark.parametrize("named", ["paged|eager", "paged|sdpa", "flash_attention_9", 3])
def test_a_way_of_attending_that_is_none_here_is_the_configurations_fault(
    named: object, draw: int | None, tmp_path: Path
) -> None:
    file = saved("llama", tmp_path)
    change_config(tmp_path, attn_implementation=named)
    with pytest.raises(EnvironmentProblem, match=f"`attn_implementation` is `{re.escape(str(named))}`") as raised:
        load(file, draw)
    assert raised.value.code == "CS532"


@pytest.mark.parametrize("name", CONFIGS)
def test_a_network_attends_as_its_configuration_says(name: str, tmp_path: Path) -> None:
    file, tokens = saved(name, tmp_path), draw_tokens()
    change_config(tmp_path, attn_implementation="eager")
    network = load(file)
    assert network.model.config._attn_implementation == "eager"
    torch.testing.assert_close(network(tokens), network_of(name)(tokens), atol=1e-5, rtol=1e-5)
