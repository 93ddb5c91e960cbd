"""Runs of one kind, made again and again: replayed or not, they give what a network gives that has not run before."""

from typing import Any

import pytest
import torch
from cspec.runtime.networks.transformers import TransformerNetwork
from cspec.runtime.networks.transformers.activations import written_out
from cspec.runtime.networks.transformers.replay import AFTER
from torch import Tensor

from .tools import CONFIGS, DECODERS, draw_tokens, network_of

RUNS = AFTER + 6
SITES = ("resid_pre", "q", "v", "head_out", "resid_mid", "mlp_act", "mlp_out")


def step(network: TransformerNetwork, site: str, seed: int, length: int, frame: Tensor) -> tuple[Tensor, Tensor]:
    """Logits of a run with a site moved along a frame, and their gradient by it."""
    tokens, at = draw_tokens(4, 12, seed=seed), torch.tensor([[11], [10], [11], [9]])
    frame = frame.clone().requires_grad_()
    first = 1
    state = network.advance(network.start(tokens), tokens, 0, first)
    prefix = network.prefix(tokens, length) if length else None

    def move(x: Tensor) -> Tensor:
        return x + (seed + 1) * torch.nn.functional.pad(frame, (0, x.shape[-1] - len(frame)))

    with network.edited([(site, 1, None, move)]):
        logits = network.finish(state[:, length:], tokens, first, at, prefix)
    weights = torch.randn(logits.shape, generator=torch.Generator().manual_seed(seed))
    (logits * weights).sum().backward()
    assert frame.grad is not None
    return logits.detach(), frame.grad


@pytest.mark.parametrize(("name", "site"), [(n, s) for n in CONFIGS for s in SITES if network_of(n).facts.layers(s)])
def test_runs_made_again_give_what_first_runs_give(name: str, site: str) -> None:
    network = network_of(name)
    length = 9 if name in DECODERS else 0
    often, frame = TransformerNetwork(network.model, network.facts), torch.tensor([0.3, -0.2, 0.1])
    for seed in range(RUNS):
        logits, gradient = step(often, site, seed, length, frame)
        once = TransformerNetwork(network.model, network.facts)
        expected, by_frame = step(once, site, seed, length, frame)
        torch.testing.assert_close(logits, expected, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(gradient, by_frame, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", DECODERS)
def test_what_is_replayed_passes_the_forward_by(name: str) -> None:
    network = TransformerNetwork(network_of(name).model, network_of(name).facts)
    called: list[int] = []
    handle = network.model.register_forward_hook(lambda *_: called.append(1))
    try:
        for seed in range(RUNS):
            tokens, at = draw_tokens(4, 12, seed=seed), torch.full((4, 1), 11)
            network.finish(torch.randn(4, 12, network.facts.stream), tokens, 1, at)
    finally:
        handle.remove()
    assert len(called) == AFTER + 2  # one is recorded, and one checks the recording


def test_a_run_that_looks_at_its_numbers_is_always_made_anew() -> None:
    network = TransformerNetwork(network_of("llama").model, network_of("llama").facts)
    plain = network.model.model.layers[2].mlp.act_fn
    looking = _Looking()
    network.model.model.layers[2].mlp.act_fn = looking
    try:
        for seed in range(RUNS):
            looking.seen = 0
            tokens, at = draw_tokens(4, 12, seed=seed), torch.full((4, 1), 11)
            found = network.finish((-1) ** seed * torch.ones(4, 12, network.facts.stream), tokens, 2, at)
            assert looking.seen >= 1
            once = TransformerNetwork(network.model, network.facts)
            again = once.finish((-1) ** seed * torch.ones(4, 12, network.facts.stream), tokens, 2, at)
            assert torch.equal(found, again)
    finally:
        network.model.model.layers[2].mlp.act_fn = plain


@pytest.mark.parametrize("site", ["resid_pre", "q", "resid_mid", "mlp_out"])
def test_edits_may_do_what_the_recorded_ones_left_undone(site: str) -> None:
    network, tokens = TransformerNetwork(network_of("llama").model, network_of("llama").facts), draw_tokens()
    at, state = torch.full((len(tokens), 1), 8), torch.randn(*tokens.shape, network.facts.stream)
    seen: list[Tensor] = []

    def look(x: Tensor) -> Tensor:
        seen.append(x.clone())
        return x

    for _ in range(RUNS):
        with network.edited([(site, 1, None, look)]):
            plain = network.finish(state, tokens, 1, at)
    assert all(torch.equal(x, seen[0]) for x in seen)
    once = TransformerNetwork(network.model, network.facts)
    torch.testing.assert_close(plain, once.finish(state, tokens, 1, at), atol=1e-5, rtol=1e-5)
    for each in (network, once):
        with each.edited([(site, 1, None, lambda x: 2 * x)]):
            seen.append(each.finish(state, tokens, 1, at))
    torch.testing.assert_close(seen[-2], seen[-1], atol=1e-5, rtol=1e-5)
    assert not torch.allclose(seen[-1], plain, atol=1e-2)


def test_padding_of_an_encoder_is_read_in_every_run() -> None:
    network = TransformerNetwork(network_of("bert").model, network_of("bert").facts)
    state, at = torch.randn(3, 9, network.facts.stream), torch.zeros(3, 1, dtype=torch.int64)
    for length in [9] * RUNS + [4]:
        tokens = draw_tokens().where(torch.arange(9) < length, -1)
        found = network.finish(state, tokens, 1, at)
    once = TransformerNetwork(network.model, network.facts)
    torch.testing.assert_close(found, once.finish(state, tokens, 1, at), atol=1e-5, rtol=1e-5)


class _Looking(torch.nn.Module):
    """An activation that decides by a number."""

    seen = 0

    def forward(self, x: Tensor) -> Tensor:
        self.seen += 1
        return x.relu() if x.mean().item() > 0 else -x


def test_gpt2_has_one_activation_that_is_written_out() -> None:
    layer: Any = network_of("gpt2").model.transformer.h[0]
    ((module, forward),) = written_out(layer)
    x = torch.linspace(-6, 6, 101)
    torch.testing.assert_close(forward(x), module(x), atol=1e-6, rtol=1e-6)
    assert module is layer.mlp.act
