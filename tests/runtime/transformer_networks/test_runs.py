"""Runs in pieces against the library's own forward: cut at any layer, from any position, padded, in any batch."""

import copy
from typing import Any

import pytest
import torch
from cspec.runtime.errors import EnvironmentProblem
from cspec.runtime.networks.prefix import Prefix
from cspec.runtime.networks.transformers import TransformerNetwork
from torch import Tensor
from torch.nn import Module
from transformers import AttentionInterface, AutoModelForCausalLM

from .tools import (
    CONFIGS,
    CONTEXT,
    DECODERS,
    LAYERS,
    VOCABULARY,
    draw_tokens,
    draw_weights,
    network_of,
    pad,
    read_all,
    unknown_network,
)

CLOSE = {"atol": 1e-5, "rtol": 1e-5}
FAMILIES = pytest.mark.parametrize("name", CONFIGS)
CAUSAL = pytest.mark.parametrize("name", DECODERS)


def library(name: str, tokens: Tensor) -> Tensor:
    """Logits [item, position, class] of the library's own call, without padding."""
    with torch.no_grad():
        return network_of(name).model(input_ids=tokens, use_cache=False).logits


def rows(x: Tensor, at: Tensor) -> Tensor:
    return torch.stack([x[item, positions] for item, positions in enumerate(at)])


@FAMILIES
def test_every_cut_gives_the_library_s_logits(name: str) -> None:
    network, tokens = network_of(name), draw_tokens()
    full, at = library(name, tokens), torch.tensor([[8, 0], [3, 3], [5, 8]])
    torch.testing.assert_close(network(tokens), full, **CLOSE)
    begin = network.start(tokens)
    for first in range(LAYERS + 1):
        here = network.advance(begin, tokens, 0, first)
        for stop in range(first, LAYERS + 1):
            there = network.advance(here, tokens, first, stop)
            torch.testing.assert_close(network.finish(there, tokens, stop, at), rows(full, at), **CLOSE)
            some = network.finish(there, tokens, stop, at, None, torch.tensor([7, 3]))
            torch.testing.assert_close(some, rows(full, at)[..., [7, 3]], **CLOSE)
    assert all("forward" not in vars(module) and not module._forward_hooks for module in network.model.modules())
    assert all(not module._forward_pre_hooks for module in network.model.modules())


@FAMILIES
def test_the_stream_is_what_the_library_calls_hidden_states(name: str) -> None:
    network, tokens = network_of(name), draw_tokens()
    with torch.no_grad():
        hidden = network.model(input_ids=tokens, output_hidden_states=True, use_cache=False).hidden_states
    state = network.start(tokens)
    for layer in range(LAYERS):  # the library's last one is normalised already
        torch.testing.assert_close(state, hidden[layer], **CLOSE)
        state = network.advance(state, tokens, layer, layer + 1)


@FAMILIES
def test_padding_and_company_change_nothing(name: str) -> None:
    network = network_of(name)
    prompts = [draw_tokens(1, length, seed=length)[0] for length in (9, 1, 5, 12)]
    padded = pad(prompts)
    logits = network(padded)
    states = read_all(network, padded)
    for item, prompt in enumerate(prompts):
        alone = library(name, prompt[None])[0]
        torch.testing.assert_close(logits[item, : len(prompt)], alone, **CLOSE)
        for site, state in read_all(network, prompt[None]).items():
            torch.testing.assert_close(states[site][item, : len(prompt)], state[0], **CLOSE)
    order = torch.tensor([2, 0, 3, 1])
    torch.testing.assert_close(network(padded[order]), logits[order], **CLOSE)


@FAMILIES
def test_the_library_s_left_padded_call_gives_the_same_logits(name: str) -> None:
    network = network_of(name)
    prompts = [draw_tokens(1, length, seed=length)[0] for length in (9, 3, 5)]
    longest = max(map(len, prompts))
    left = torch.stack([torch.cat([torch.zeros(longest - len(p), dtype=torch.int64), p]) for p in prompts])
    mask = torch.stack([(torch.arange(longest) >= longest - len(p)).long() for p in prompts])
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    with torch.no_grad():
        expected = network.model(input_ids=left, attention_mask=mask, position_ids=positions).logits
    found = network(pad(prompts))
    for item, prompt in enumerate(prompts):
        torch.testing.assert_close(found[item, : len(prompt)], expected[item, -len(prompt) :], **CLOSE)


@CAUSAL
def test_a_prefix_serves_every_layer_again_and_again(name: str) -> None:
    network, tokens = network_of(name), draw_tokens(4, 12)
    full, begin = library(name, tokens), network.start(tokens)
    whole = network.prefix(tokens, 10)
    kept = [tensor.clone() for tensor in (*whole.keys, *whole.values)]
    for length in (1, 3, 10):
        prefix = Prefix(*(tuple(each[..., :length, :] for each in kind) for kind in (whole.keys, whole.values)))
        assert prefix.length == length
        at = torch.tensor([[11, length], [length, 11], [10, 11], [11, 11]])
        for first in range(LAYERS + 1):
            state = network.advance(begin, tokens, 0, first)[:, length:]
            for _ in range(2):
                torch.testing.assert_close(network.finish(state, tokens, first, at, prefix), rows(full, at), **CLOSE)
            end = network.advance(state, tokens, first, LAYERS, prefix)
            torch.testing.assert_close(end, network.advance(begin, tokens, 0, LAYERS)[:, length:], **CLOSE)
    assert all(torch.equal(a, b) for a, b in zip(kept, (*whole.keys, *whole.values), strict=True))


@CAUSAL
@pytest.mark.parametrize("length", [11, 9, 2])
def test_gradients_of_later_positions_are_those_of_whole_runs(name: str, length: int) -> None:
    exact = TransformerNetwork(copy.deepcopy(network_of(name).model).double(), network_of(name).facts)
    network, tokens = exact, draw_tokens(4, 12)
    begin, prefix, at = network.start(tokens), network.prefix(tokens, length), torch.full((4, 1), 11)
    weights = torch.randn(4, 1, VOCABULARY, generator=torch.Generator().manual_seed(0))

    def gradient(state: Tensor, first: int, kept: Prefix | None) -> Tensor:
        state = state.clone().requires_grad_()
        (network.finish(state, tokens, first, at, kept) * weights).sum().backward()
        assert state.grad is not None
        return state.grad

    for first in range(LAYERS):
        state = network.advance(begin, tokens, 0, first)
        whole = gradient(state, first, None)[:, length:]
        torch.testing.assert_close(gradient(state[:, length:], first, prefix), whole, atol=1e-6, rtol=1e-6)


def test_a_layer_with_an_attention_of_its_own_reads_the_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    def attend(module: Module, query: Tensor, key: Tensor, *given: Any, **named: Any) -> Any:
        return AttentionInterface()["sdpa"](module, query, key.clone(), *given, **named)

    monkeypatch.setitem(AttentionInterface._global_mapping, "its own", attend)
    model = draw_weights(AutoModelForCausalLM.from_config(CONFIGS["llama"]))
    attention = model.model.layers[1].self_attn
    attention.config = copy.copy(attention.config)
    attention.config._attn_implementation = "its own"
    network, tokens = TransformerNetwork(model, network_of("llama").facts), draw_tokens(4, 12)
    full, prefix, at = network(tokens), network.prefix(tokens, 10), torch.full((4, 1), 11)
    for _ in range(2):
        found = network.finish(network.start(tokens)[:, 10:], tokens, 0, at, prefix)
        torch.testing.assert_close(found, rows(full, at), **CLOSE)


@CAUSAL
def test_a_prefix_of_some_items_and_of_padded_prompts(name: str) -> None:
    network = network_of(name)
    tokens = pad([draw_tokens(1, length, seed=length)[0] for length in (9, 4, 6, 12)])
    full, begin, prefix = network(tokens), network.start(tokens), network.prefix(tokens, 3)
    chosen = torch.tensor([3, 1])
    at = torch.tensor([[11], [3]])
    found = network.finish(begin[chosen, 3:], tokens[chosen], 0, at, prefix.take(chosen))
    torch.testing.assert_close(found, rows(full[chosen], at), **CLOSE)


def test_an_encoder_has_no_prefix_and_a_prefix_is_not_the_whole() -> None:
    for name in set(CONFIGS) - set(DECODERS):
        assert not network_of(name).has_prefixes
        with pytest.raises(ValueError, match="prefixes"):
            network_of(name).prefix(draw_tokens(), 3)
    with pytest.raises(ValueError, match="1 to 8"):
        network_of("gpt2").prefix(draw_tokens(), 9)


@pytest.mark.parametrize("pieces", [(2, 1), (0, 4), (-1, 2)])
def test_layers_that_are_not_there_are_refused(pieces: tuple[int, int]) -> None:
    network, tokens = network_of("gpt2"), draw_tokens()
    with pytest.raises(ValueError, match="first"):
        network.advance(network.start(tokens), tokens, *pieces)


def test_a_prompt_longer_than_the_context_is_refused() -> None:
    with pytest.raises(EnvironmentProblem, match=f"at most {CONTEXT} tokens") as raised:
        network_of("llama")(draw_tokens(1, CONTEXT + 1))
    assert raised.value.code == "CS536"


def test_a_run_inside_of_a_run_is_refused_and_leaves_no_trace() -> None:
    network, tokens = network_of("gpt2"), draw_tokens()
    before = network(tokens)
    with (
        network.edited([("attn_out", 1, None, lambda x: network(tokens))]),
        pytest.raises(RuntimeError, match="inside"),
    ):
        network(tokens)
    assert torch.equal(network(tokens), before)


def test_an_unknown_architecture_runs_whole() -> None:
    network = unknown_network()
    prompts = [draw_tokens(1, length, seed=length)[0] for length in (9, 2)]
    tokens, at = pad(prompts), torch.tensor([[8], [1]])
    assert network.last_stage == 0
    found = network.finish(network.start(tokens), tokens, 0, at)
    for item, prompt in enumerate(prompts):
        with torch.no_grad():
            alone = network.model(input_ids=prompt[None]).logits[0, -1]
        torch.testing.assert_close(found[item, 0], alone, **CLOSE)


@FAMILIES
def test_bfloat16_runs_in_pieces_as_it_runs_whole(name: str) -> None:
    network, tokens = network_of(name), draw_tokens()
    at = torch.arange(9).expand(3, -1)
    network.model.to(torch.bfloat16)
    try:
        whole = network(tokens)
        state = network.advance(network.start(tokens), tokens, 0, 2)
        assert (whole.dtype, state.dtype) == (torch.float32, torch.bfloat16)
        torch.testing.assert_close(network.finish(state, tokens, 2, at), whole, atol=0, rtol=0)
        with network.edited([("attn_out", 1, None, lambda x: x.float() + 1e-3)]):
            torch.testing.assert_close(network(tokens), whole, atol=0.1, rtol=0.1)
    finally:
        network_of.cache_clear()
