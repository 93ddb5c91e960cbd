"""The last layer where it is read alone: the same logits and gradients as everywhere, of fewer positions."""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from cspec.compiler.experiments import AnswerAt, Encoding, NetworkFile
from cspec.compiler.weigh_network import weigh_network
from cspec.runtime.networks.transformers import TransformerNetwork
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode
from transformers import AttentionInterface, AutoModelForCausalLM

from .tools import CONFIGS, DECODERS, LAYERS, VOCABULARY, draw_tokens, draw_weights, network_of, pad

CLOSE = {"atol": 1e-5, "rtol": 1e-5}
LAST = LAYERS - 1
UNCAPPED = [name for name in CONFIGS if name != "gemma2"]
"""The library itself computes attention with capped scores, in another way than that of the others."""
FAMILIES = pytest.mark.parametrize("name", UNCAPPED)
CAUSAL = pytest.mark.parametrize("name", [name for name in DECODERS if name in UNCAPPED])


@contextmanager
def positions_passed(network: TransformerNetwork, layer: int) -> Iterator[list[int]]:
    """How many positions pass the MLP's last product in a layer, for each time that it is run."""
    assert network.family is not None
    module = network.model.get_submodule(f"{network.family.stack}.{layer}.{network.family.ports.mlp_act.module}")
    passed = list[int]()
    handle = module.register_forward_pre_hook(lambda _, given: passed.append(given[0].shape[1]))
    try:
        yield passed
    finally:
        handle.remove()


def rows(x: Tensor, at: Tensor) -> Tensor:
    return torch.stack([x[item, positions] for item, positions in enumerate(at)])


@FAMILIES
@pytest.mark.parametrize("reads", [[[8], [8], [8]], [[8], [0], [3]], [[3, 8], [8, 0], [5, 5]], [[2, 4]] * 3])
def test_only_positions_that_are_read_pass_the_last_layer(name: str, reads: list[list[int]]) -> None:
    network, tokens, at = network_of(name), draw_tokens(), torch.tensor(reads)
    full, same = network(tokens), at[:1].expand(len(at), -1)
    for first in range(LAYERS):
        state = network.advance(network.start(tokens), tokens, 0, first)
        with positions_passed(network, LAST) as passed:
            torch.testing.assert_close(network.finish(state, tokens, first, at), rows(full, at), **CLOSE)
            torch.testing.assert_close(network.finish(state, tokens, first, same), rows(full, same), **CLOSE)
        assert passed == [at.shape[1]] * 2


@pytest.mark.parametrize("name", ["gpt2", "gpt_neox", "llama", "qwen3", "gemma3_text"])
@pytest.mark.parametrize("early", [0, 6, 11])
def test_the_plan_counts_the_products_of_weights_that_are_run(name: str, early: int) -> None:
    """Products of attention are left out of it: they have no weights."""
    network, tokens, at = network_of(name), draw_tokens(4, 12), torch.full((4, 1), 11)
    file = NetworkFile("lm", Path("lm"), network.facts)
    weight = weigh_network(file, Encoding(tuple(range(12)), (AnswerAt(11, (3, 7)),)))
    prefix = network.prefix(tokens, early) if early else None
    with FlopCounterMode(display=False) as counter:
        network.finish(network.start(tokens)[:, early:], tokens, 0, at, prefix)
    counted = counter.get_flop_counts()["Global"]
    products = sum(flops for operator, flops in counted.items() if str(operator) in ("aten.addmm", "aten.mm"))
    run = weight.run(0, LAYERS) - weight.run(0, LAYERS) * early // 12
    assert products == 4 * (run - weight.unread(12 - early) + weight.answer())


@FAMILIES
def test_padding_is_not_read(name: str) -> None:
    network = network_of(name)
    prompts = [draw_tokens(1, length, seed=length)[0] for length in (9, 4, 6, 12)]
    at = torch.tensor([[8], [3], [5], [11]])
    found = network.finish(network.start(pad(prompts)), pad(prompts), 0, at)
    for item, prompt in enumerate(prompts):
        with torch.no_grad():
            alone = network.model(input_ids=prompt[None], use_cache=False).logits[0, -1]
        torch.testing.assert_close(found[item, 0], alone, **CLOSE)


@CAUSAL
def test_of_a_prefix_the_last_layer_gives_keys_and_values_alone(name: str) -> None:
    network, tokens = network_of(name), draw_tokens(4, 12)
    full, at = network(tokens), torch.tensor([[11], [7], [9], [11]])
    for first in range(LAYERS):
        state = network.advance(network.start(tokens), tokens, 0, first)
        with positions_passed(network, LAST) as passed:
            later = network.prefix(tokens, 6, state, first)
            prefix = network.prefix(tokens, 6)
            assert passed == []
            found = network.finish(state[:, 6:], tokens, first, at, prefix)
            assert passed == [1]
        torch.testing.assert_close(found, rows(full, at), **CLOSE)
        for kept, again in zip((*prefix.keys, *prefix.values), (*later.keys, *later.values), strict=True):
            assert not len(again) or torch.allclose(again, kept, **CLOSE)


@FAMILIES
def test_gradients_are_those_of_all_positions(name: str) -> None:
    whole = network_of(name)
    network, tokens = TransformerNetwork(copy.deepcopy(whole.model).double(), whole.facts), draw_tokens(4, 12)
    weights = torch.randn(4, 1, VOCABULARY, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    at, everywhere = torch.tensor([[11], [7], [9], [11]]), torch.arange(12).expand(4, -1)

    def gradient(first: int, read: Callable[[Tensor], Tensor]) -> Tensor:
        state = network.advance(network.start(tokens), tokens, 0, first).clone().requires_grad_()
        (read(state) * weights).sum().backward()
        assert state.grad is not None
        return state.grad

    for first in range(LAYERS):
        wide = gradient(first, lambda state, first=first: rows(network.finish(state, tokens, first, everywhere), at))
        narrow = gradient(first, lambda state, first=first: network.finish(state, tokens, first, at))
        torch.testing.assert_close(narrow, wide, atol=1e-10, rtol=1e-10)


@FAMILIES
@pytest.mark.parametrize("component", ["resid_pre", "q", "head_out", "attn_out", "mlp_act", "mlp_out", "resid_post"])
def test_what_is_edited_in_the_last_layer_is_edited_at_every_position(name: str, component: str) -> None:
    network, tokens, at = network_of(name), draw_tokens(), torch.tensor([[8], [8], [3]])
    shift = torch.randn(1, 9, 1, generator=torch.Generator().manual_seed(0))
    with network.edited([(component, LAST, None, lambda x: x + shift)]):
        wide = network(tokens)
    with network.edited([(component, LAST, None, lambda x: x + shift)]), positions_passed(network, LAST) as passed:
        torch.testing.assert_close(network.finish(network.start(tokens), tokens, 0, at), rows(wide, at), **CLOSE)
    assert passed == [1 if component == "resid_pre" else 9]


def test_a_layer_that_attends_twice_is_run_everywhere() -> None:
    model = draw_weights(AutoModelForCausalLM.from_config(CONFIGS["llama"]))
    once = type(model.model.layers[LAST])

    class Twice(once):  # type: ignore[misc, valid-type]
        def forward(self, state: Tensor, *given: Any, **named: Any) -> Any:
            return once.forward(self, once.forward(self, state, *given, **named), *given, **named)

    model.model.layers[LAST].__class__ = Twice
    tokens, at = draw_tokens(), torch.tensor([[8], [8], [3]])
    with torch.no_grad():
        full = model(input_ids=tokens, use_cache=False).logits
    network = TransformerNetwork(model, network_of("llama").facts)
    for _ in range(2):
        torch.testing.assert_close(network.finish(network.start(tokens), tokens, 0, at), rows(full, at), **CLOSE)


def test_a_layer_with_an_attention_of_its_own_is_run_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(AttentionInterface._global_mapping, "its own", AttentionInterface()["sdpa"])
    model = draw_weights(AutoModelForCausalLM.from_config(CONFIGS["llama"]))
    attention = model.model.layers[LAST].self_attn
    attention.config = copy.copy(attention.config)
    attention.config._attn_implementation = "its own"
    network, tokens = TransformerNetwork(model, network_of("llama").facts), draw_tokens()
    full, at = network(tokens), torch.tensor([[8], [8], [3]])
    with positions_passed(network, LAST) as passed:
        torch.testing.assert_close(network.finish(network.start(tokens), tokens, 0, at), rows(full, at), **CLOSE)
    assert passed == [9]


@FAMILIES
@pytest.mark.parametrize("reads", [[[8], [0], [3]], [[3, 8], [8, 0], [5, 5]]])
def test_a_state_is_read_where_the_layer_before_it_is_run_alone(name: str, reads: list[list[int]]) -> None:
    network, tokens, at = network_of(name), draw_tokens(), torch.tensor(reads)
    state = network.start(tokens)
    for first in range(LAYERS):
        for stop in range(first + 1, LAYERS + 1):
            full = network.advance(state, tokens, first, stop)
            with positions_passed(network, stop - 1) as passed:
                found = network.advance(state, tokens, first, stop, read=at)
            torch.testing.assert_close(found, rows(full, at), **CLOSE)
            assert passed == [at.shape[1]]
        state = network.advance(state, tokens, first, first + 1)


@CAUSAL
def test_a_state_is_read_after_a_prefix(name: str) -> None:
    network, tokens = network_of(name), draw_tokens(4, 12)
    at, state = torch.tensor([[11], [7], [9], [11]]), network.start(tokens)
    prefix = network.prefix(tokens, 6)
    for stop in range(1, LAYERS + 1):
        full = network.advance(state, tokens, 0, stop)
        with positions_passed(network, stop - 1) as passed:
            found = network.advance(state[:, 6:], tokens, 0, stop, prefix, at)
        torch.testing.assert_close(found, rows(full, at), **CLOSE)
        assert passed == [1]
