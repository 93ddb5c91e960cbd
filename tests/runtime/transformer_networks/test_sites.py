"""Every site of every family: read, written and differentiated, against plain PyTorch hooks on the library's model."""

from collections.abc import Callable

import pytest
import torch
from cspec.compiler.groundings import Block, Frame
from cspec.compiler.network_facts.module_widths import ARCHITECTURES
from cspec.lang.places import IDENTITY
from cspec.runtime.engines.feed import site_vectors
from cspec.runtime.errors import EnvironmentProblem
from cspec.runtime.networks.transformers import TransformerNetwork
from torch import Tensor

from .plain_hooks import hooked
from .tools import (
    CONFIGS,
    CONTEXT,
    DECODERS,
    EACH_TABLE,
    LAYERS,
    components,
    draw_tokens,
    network_of,
    reading,
    unknown_network,
)

CLOSE = {"atol": 1e-5, "rtol": 1e-5}
SITES = [
    pytest.param(name, *site, id=f"{name} {site[0]} {site[1]}")
    for name in CONFIGS
    for site in components(network_of(name))
    if site[1] in (None, 1) or site == ("resid_post", LAYERS - 1)
]
Change = Callable[[Tensor], Tensor]
PAST = 5
"""The first position that the tests change."""


def heads_of(network: TransformerNetwork, component: str) -> int:
    return network.facts.heads_of(component)


def library(network: TransformerNetwork, tokens: Tensor) -> Tensor:
    logits: Tensor = network.model(input_ids=tokens, use_cache=False).logits
    return logits


def state_at(network: TransformerNetwork, tokens: Tensor, component: str, layer: int | None) -> Tensor:
    """What plain hooks find at a site, [item, position, width]."""
    found: list[Tensor] = []

    def keep(x: Tensor) -> Tensor:
        found.append(x.clone())
        return x

    with hooked(network.model, heads_of(network, component), component, layer, keep):
        library(network, tokens)
    return found[0]


@pytest.mark.parametrize("name", CONFIGS)
def test_modules_give_as_many_dims_as_the_facts_say(name: str) -> None:
    network, tokens = network_of(name), draw_tokens()
    named = ARCHITECTURES[network.facts.architecture]
    layer = f"{named.stack}.1"
    for path in (layer, *(f"{layer}.{inner}" for inner in named.inner)):
        found: list[Tensor] = []

        def keep(_: object, __: object, output: Tensor | tuple[Tensor, ...], found: list[Tensor] = found) -> None:
            found.append(output if isinstance(output, Tensor) else output[0])

        handle = network.model.get_submodule(path).register_forward_hook(keep)
        library(network, tokens)
        handle.remove()
        assert [tuple(each.shape) for each in found] == [(*tokens.shape, network.facts.module_width(path))], path


def test_a_width_that_a_run_does_not_find_is_an_error() -> None:
    path = 'module("model.layers.1")'
    frame = Frame(path, None, tuple(range(20)), 20, IDENTITY, (Block(0, 0, 20),), (0,))
    with pytest.raises(EnvironmentProblem, match=r"expected 20 dims of .* found 16") as raised:
        site_vectors(frame, [torch.zeros(2, 3, 16)], [(0,)])
    assert raised.value.code == "CS538"


def replaced(vectors: Tensor) -> Change:
    """The change that puts vectors [item, position, width] in the place of a run's last ones."""
    return lambda x: torch.cat([x[:, : x.shape[1] - vectors.shape[1]], vectors], 1)


@pytest.mark.parametrize(("name", "component", "layer"), SITES)
def test_a_site_is_read_and_written_as_by_plain_hooks(name: str, component: str, layer: int | None) -> None:
    network, tokens = network_of(name), draw_tokens()
    state = state_at(network, tokens, component, layer)
    with reading(network, component, layer) as found:
        network(tokens)
    torch.testing.assert_close(found[0], state, **CLOSE)
    facts = network.facts
    assert state.shape[-1] == facts.width(component, layer) * max(1, facts.heads_of(component))

    drawn = torch.randn(state[:, PAST:].shape, generator=torch.Generator().manual_seed(5))
    change = replaced(drawn)
    with hooked(network.model, heads_of(network, component), component, layer, change):
        expected = library(network, tokens)
    assert (expected - library(network, tokens)).abs().max() > 1e-3  # the site matters
    with network.edited([(component, layer, None, change)]):
        torch.testing.assert_close(network(tokens), expected, **CLOSE)
    torch.testing.assert_close(network(tokens), library(network, tokens), **CLOSE)


@pytest.mark.parametrize(("name", "component", "layer"), SITES)
def test_a_run_that_starts_at_a_site_is_the_whole_run(name: str, component: str, layer: int | None) -> None:
    network, tokens = network_of(name), draw_tokens()
    first = network.layer_of(component, layer)
    state = network.advance(network.start(tokens), tokens, 0, first)
    at = torch.tensor([[8, 5], [5, 6], [7, 7]])
    drawn = torch.randn(state_at(network, tokens, component, layer)[:, PAST:].shape)
    with network.edited([(component, layer, None, replaced(drawn))]):
        whole = network(tokens)[torch.arange(3)[:, None], at]
        torch.testing.assert_close(network.advance(network.start(tokens), tokens, 0, 0), network.start(tokens))
        if first > 0:  # before it, the edited run is a clean one
            torch.testing.assert_close(network.advance(network.start(tokens), tokens, 0, first), state, **CLOSE)
        torch.testing.assert_close(network.finish(state, tokens, first, at), whole, **CLOSE)
        for stop in range(first, LAYERS + 1):
            between = network.advance(state, tokens, first, stop)
            torch.testing.assert_close(network.finish(between, tokens, stop, at), whole, **CLOSE)
        if network.family is not None and network.family.causal:
            later = network.prefix(tokens, PAST)
            found = network.finish(state[:, PAST:], tokens, first, at, later)
            torch.testing.assert_close(found, whole, **CLOSE)


@pytest.mark.parametrize(("name", "component", "layer"), [site for site in SITES if site.values[0] in EACH_TABLE])
def test_gradients_are_those_of_plain_hooks(name: str, component: str, layer: int | None) -> None:
    network, tokens = network_of(name), draw_tokens()
    at = torch.tensor([[8], [6], [7]])
    start = torch.randn(state_at(network, tokens, component, layer)[:, PAST:].shape)

    def gradient(logits: Tensor, vectors: Tensor) -> Tensor:
        return torch.autograd.grad(logits.log_softmax(-1)[..., 3].sum(), vectors)[0]

    vectors = start.clone().requires_grad_()
    with hooked(network.model, heads_of(network, component), component, layer, replaced(vectors)):
        expected = gradient(library(network, tokens)[torch.arange(3)[:, None], at], vectors)
    assert expected.abs().max() > 1e-4
    first = network.layer_of(component, layer)
    state = network.advance(network.start(tokens), tokens, 0, first)
    with network.edited([(component, layer, None, replaced(vectors))]):
        torch.testing.assert_close(gradient(network.finish(state, tokens, first, at), vectors), expected, **CLOSE)
        if network.family is not None and network.family.causal:
            later = network.prefix(tokens, PAST)
            found = network.finish(state[:, PAST:], tokens, first, at, later)
            torch.testing.assert_close(gradient(found, vectors), expected, **CLOSE)
    assert all(weight.grad is None and not weight.requires_grad for weight in network.model.parameters())


@pytest.mark.parametrize("name", CONFIGS)
def test_edits_of_one_run_compose_as_plain_hooks_do(name: str) -> None:
    """Several sites at once, two of them at one packed projection, two at one vector of the stream."""
    network, tokens = network_of(name), draw_tokens()
    sites = [("q", 1), ("v", 1), ("head_out", 2), ("resid_post", 0), ("resid_pre", 1), ("mlp_out", 2)]
    widths = {site: state_at(network, tokens, *site).shape[-1] for site in sites}
    steps = {site: torch.randn(width) for site, width in widths.items()}
    with torch.no_grad():
        stack = [hooked(network.model, heads_of(network, s[0]), *s, lambda x, s=s: x + steps[s]) for s in sites]
        for context in stack:
            context.__enter__()
        expected = library(network, tokens)
        for context in stack:
            context.__exit__(None, None, None)
    first = min(network.layer_of(*site) for site in sites)
    state = network.advance(network.start(tokens), tokens, 0, first)
    at = torch.arange(9).expand(3, -1)
    with network.edited([(*site, None, lambda x, site=site: x + steps[site]) for site in sites]):
        torch.testing.assert_close(network.finish(state, tokens, first, at), expected, **CLOSE)


@pytest.mark.parametrize("name", [name for name in DECODERS if network_of(name).facts.layers("resid_mid")])
def test_a_step_of_the_stream_after_attention_is_a_step_of_what_attention_adds(name: str) -> None:
    network, tokens = network_of(name), draw_tokens()
    step = torch.randn(network.facts.stream)

    def logits(component: str) -> Tensor:
        with network.edited([(component, 1, None, lambda x: x + step)]):
            return network(tokens)

    torch.testing.assert_close(logits("resid_mid"), logits("attn_out"), **CLOSE)
    assert (logits("resid_mid") - logits("mlp_out")).abs().max() > 1e-3


@pytest.mark.parametrize("name", CONFIGS)
def test_putting_back_what_a_site_holds_changes_nothing(name: str) -> None:
    network, tokens = network_of(name), draw_tokens()
    clean = network(tokens)
    with network.edited([(*site, None, torch.clone) for site in components(network)]):
        torch.testing.assert_close(network(tokens), clean, **CLOSE)


@pytest.mark.parametrize("name", [*DECODERS, "bert"])
def test_a_head_without_a_query_reads_the_mean_of_its_values(name: str) -> None:
    """Scores that are all 0 weigh all values alike: so `q`, `v` and `head_out` are cut at the same heads, in order."""
    network, tokens = network_of(name), draw_tokens()
    facts, config = network.facts, network.model.config.get_text_config()
    width, shared = facts.head_width, facts.heads // facts.key_heads
    sliding = name == "mistral" or "sliding_attention" in (getattr(config, "layer_types", None) or [])[LAYERS - 1 :]
    window = config.sliding_window if sliding else CONTEXT
    for head in range(facts.heads):
        own = slice(head * width, (head + 1) * width)
        key = slice(head // shared * width, (head // shared + 1) * width)
        seen: dict[str, Tensor] = {}

        def without(x: Tensor, own: slice = own) -> Tensor:
            out = x.clone()
            out[..., own] = 0
            return out

        def keep(name: str, seen: dict[str, Tensor] = seen) -> Change:
            def kept(x: Tensor) -> Tensor:
                seen[name] = x
                return x

            return kept

        last = LAYERS - 1
        with network.edited(
            [("q", last, None, without), ("v", last, None, keep("v")), ("head_out", last, None, keep("head_out"))]
        ):
            network(tokens)
        for position in range(tokens.shape[1]):
            read = slice(max(0, position + 1 - window), position + 1) if name != "bert" else slice(None)
            even = seen["v"][:, read, key].mean(1)
            torch.testing.assert_close(seen["head_out"][:, position, own], even, **CLOSE)


def test_modules_are_sites_by_their_path() -> None:
    network, tokens = network_of("gpt2"), draw_tokens()
    same = {
        "transformer.wte": ("embed", None),
        "transformer.h.1": ("resid_post", 1),
        "transformer.h.1.attn": ("attn_out", 1),
        "transformer.h.2.mlp.act": ("mlp_act", 2),
        "lm_head": ("logits", None),
    }
    for path, site in same.items():
        with reading(network, "module", None, path) as found, torch.no_grad():
            network(tokens)
        torch.testing.assert_close(found[0], state_at(network, tokens, *site), **CLOSE)
        step = torch.randn(found[0].shape[-1])
        with network.edited([(*site, None, lambda x, step=step: x + step)]):
            expected = network(tokens)
        first = network.layer_of("module", None, path)
        state = network.advance(network.start(tokens), tokens, 0, first)
        at = torch.arange(9).expand(3, -1)
        with network.edited([("module", None, path, lambda x, step=step: x + step)]):
            torch.testing.assert_close(network.finish(state, tokens, first, at), expected, **CLOSE)
    assert [network.layer_of("module", None, path) for path in same] == [0, 1, 1, 2, LAYERS]


def test_modules_of_an_unknown_architecture() -> None:
    network, tokens = unknown_network(), draw_tokens()
    path, step = "model.decoder.layers.1.fc1", torch.randn(24)
    module = network.model.get_submodule(path)
    handle = module.register_forward_hook(lambda _, __, out: out + step)
    expected = library(network, tokens)
    handle.remove()
    at = torch.tensor([[8], [2], [0]])
    with network.edited([("module", None, path, lambda x: x + step)]):
        found = network.finish(network.start(tokens), tokens, network.layer_of("module", None, path), at)
    torch.testing.assert_close(found, expected[torch.arange(3)[:, None], at], **CLOSE)
    with pytest.raises(ValueError, match="no site"):
        network.layer_of("resid_pre", 0)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("transformer.h.1.mpl", "no module"),
        ("transformer.h", "gives no tensor|is not run"),
        ("transformer", "gives no tensor"),
        ("transformer.wpe", r"shape \[1, 9, 16\]"),
    ],
)
def test_a_module_that_is_no_site_is_refused(path: str, message: str) -> None:
    network, tokens = network_of("gpt2"), draw_tokens()
    with pytest.raises(EnvironmentProblem, match=message) as raised:  # noqa: SIM117
        with network.edited([("module", None, path, torch.clone)]):
            network(tokens)
    assert raised.value.code == "CS538"
    assert all(not m._forward_hooks and not m._forward_pre_hooks for m in network.model.modules())


def test_a_near_name_is_offered() -> None:
    with pytest.raises(EnvironmentProblem) as raised:
        network_of("gpt2").layer_of("module", None, "transformer.h.1.mpl")
    assert raised.value.help == "did you mean `transformer.h.1.mlp`?"


@pytest.mark.parametrize(("component", "layer"), [("resid_pre", 3), ("resid_pre", -1), ("resid_mid", 0), ("hidden", 1)])
def test_sites_that_a_network_lacks(component: str, layer: int) -> None:
    with pytest.raises(ValueError, match="no site"):
        network_of("gpt_neox").layer_of(component, layer)
