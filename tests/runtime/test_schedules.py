"""Every schedule gives what the naive one gives: logits and gradients, on networks of three kinds."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from cspec.compiler.experiments import AnswerAt, Encoding
from cspec.compiler.groundings import Block, Frame, Grounding
from cspec.compiler.interpret_terms import Batch
from cspec.compiler.network_facts import MlpFacts, TracrFacts, TransformerFacts
from cspec.compiler.schedule import NAIVE, Beginning, CleanReads, Schedule, SiteRead
from cspec.compiler.terms import NetworkWorld, interchange
from cspec.lang.places import IDENTITY, Family
from cspec.runtime.engines import Engine, Opened, open_engine
from cspec.runtime.engines.captures import Captures
from cspec.runtime.maps import FeatureMap
from cspec.runtime.maps.open_map import open_map
from cspec.runtime.networks import Mlp, Tracr
from cspec.runtime.networks.protocol import Network
from cspec.runtime.networks.transformers import TransformerNetwork
from torch import Tensor
from transformers import GPT2Config, GPT2LMHeadModel

Case = tuple[Network, Encoding, tuple[Grounding, ...]]
ITEMS, CLASSES = 12, (0, 2)
QUERY = interchange(NetworkWorld("net", "al"), ("a", "b"), "o")
SCHEDULES = [
    Schedule(captured, exits, suffixes, prefixes, logits, 5, sweeps)
    for captured, exits, suffixes, prefixes, sweeps in itertools.product((False, True), repeat=5)
    for logits in ("everywhere", "where read", "declared")
][::2]
"""Every second one: each choice of what is kept and left out comes once or twice, with some logits."""
READS = [
    CleanReads(),
    CleanReads((SiteRead("resid_post", 0, (2, 3, 5)), SiteRead("attn_out", 1, (4,))), (Beginning(1, ((2,),)),)),
    CleanReads((SiteRead("resid_post", 0, (5,)),), (Beginning(1, ((4,), (5, 3))), Beginning(2, ((3,),))), alike=True),
]
"""What a plan says is read: nothing, more than is read, or something else."""
NARROW = [
    Schedule(True, True, True, prefixes, logits, 5, sweeps, reads=reads)
    for prefixes, logits, sweeps in itertools.product((False, True), ("where read", "declared"), (False, True))
    for reads in READS
]


def gpt2() -> Case:
    """Three sites, so that a sweep has something to go on from; the last one is read at the answer."""
    config = GPT2Config(n_embd=16, n_layer=3, n_head=2, vocab_size=11, n_positions=8, bos_token_id=0, eos_token_id=0)
    network = TransformerNetwork(GPT2LMHeadModel(config), TransformerFacts("gpt2", 11, 8, 16, 3, 2, 2, 8, 64))
    sites = (("resid_post", 0, 5), ("attn_out", 1, 5), ("resid_post", 0, 3))
    return network, Encoding((), (AnswerAt(5, CLASSES),)), tuple(placed(*site, 16, 6) for site in sites)


def mlp() -> Case:
    facts = MlpFacts(inputs=6, vocabulary=11, embed=2, hidden=(12, 10, 9), classes=3)
    encoding = Encoding(tuple(range(6)), (AnswerAt(0, CLASSES),))
    return (
        Mlp(facts).requires_grad_(False),
        encoding,
        tuple(placed("hidden", layer, 0, facts.hidden[layer - 1], 1) for layer in (2, 1, 3)),
    )


def tracr() -> Case:
    facts = TracrFacts(vocabulary=11, bos=10, context=8, stream=8, blocks=2, heads=2, key=3, mlp=10, classes=4)
    network = Tracr(facts).requires_grad_(False)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.randn(parameter.shape) * 0.4)
    encoding = Encoding(tuple(range(6)), (AnswerAt(3, CLASSES), AnswerAt(4, CLASSES)))
    return network, encoding, tuple(placed("resid", layer, 2, 8, 7) for layer in (2, 0))


def placed(component: str, layer: int, position: int, width: int, positions: int) -> Grounding:
    """`a` in a subspace at a site, `b` on dims one position before it (or on the next dims, where there is none)."""
    dims = tuple(range(width))
    first = Frame(component, layer, dims[: width - 2], width, Family("rotation"), (Block(0, 0, 3),), (position,))
    before = position - 1 if positions > 1 else position
    return Grounding((first, Frame(component, layer, dims[-2:], width, IDENTITY, (Block(1, 0, 2),), (before,))))


@pytest.mark.parametrize("build", [gpt2, mlp, tracr])
def test_every_schedule_gives_the_logits_and_gradients_of_the_naive_one(build: Callable[[], Case]) -> None:
    torch.manual_seed(5)
    network, encoding, groundings = build()
    rng = np.random.default_rng(1)
    pool = rng.integers(0, 10, (7, 6))  # so few that inputs come again
    members = np.array([[True, False], [False, True], [True, True]])[rng.integers(0, 3, ITEMS)]
    batch = Batch(pool[rng.integers(0, 7, (ITEMS, 3))], members, ("a", "b"))
    maps = tuple(tuple(open_map(frame) for frame in grounding.frames) for grounding in groundings)
    for ours in maps:
        ours[0].draw(torch.Generator().manual_seed(4))

    def engines(schedule: Schedule) -> list[Engine]:
        opened = Opened(network, torch.device("cpu"), Captures(network, torch.device("cpu")))
        return [
            open_engine("fused", opened, encoding, grounding, ("a", "b"), own, schedule)
            for grounding, own in zip(groundings, maps, strict=True)
        ]

    expected = [measure(engine, own, batch) for engine, own in zip(engines(NAIVE), maps, strict=True)]
    assert all(float(gradient.norm()) > 1e-4 for _, _, gradient in expected)
    for schedule in (*SCHEDULES, *(NARROW if isinstance(network, TransformerNetwork) else ())):
        for engine, own, wanted in zip(engines(schedule), maps, expected, strict=True):
            for found, naive in zip(measure(engine, own, batch), wanted, strict=True):
                torch.testing.assert_close(found, naive, atol=1e-5, rtol=1e-5, msg=f"{schedule}")


def measure(engine: Engine, maps: tuple[FeatureMap, ...], batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """Logits of the interchange, states that are read, and the gradient of a prepared loss by the subspace."""
    (weight,) = maps[0].parameters()
    with torch.no_grad():
        logits = engine.logits(QUERY, batch)
        states = engine.states(0, torch.from_numpy(batch.inputs[:, 1]))
    prepared = engine.prepare(QUERY, batch, CLASSES)(torch.tensor([3, 0, 3, 7]))
    torch.testing.assert_close(prepared.detach(), logits[[3, 0, 3, 7]][..., list(CLASSES)], atol=1e-5, rtol=1e-5)
    (gradient,) = torch.autograd.grad(prepared.square().sum(), weight)
    return logits, states, gradient


def test_a_sweep_runs_each_input_once_through_each_stage() -> None:
    """Three sites of a transformer, the later positions first: one run up to each stage, and one prefix."""
    torch.manual_seed(2)
    network, encoding, groundings = gpt2()
    rows = np.random.default_rng(0).integers(0, 10, (4, 2, 6))
    batch, query = Batch(rows, np.ones((4, 1), bool), ("a",)), interchange(NetworkWorld("net", "al"), ("a",), "o")
    frames = [replace(grounding.frames[0], family=IDENTITY, blocks=(Block(0, 0, 14),)) for grounding in groundings]
    started, kept = Mock(wraps=network.start), Mock(wraps=network.prefix)
    vars(network).update(start=started, prefix=kept)
    opened = Opened(network, torch.device("cpu"), Captures(network, torch.device("cpu")))
    with torch.no_grad():
        for frame in sorted(frames, key=lambda one: (one.layer, -int(str(one.positions[0])))):
            engine = open_engine("fused", opened, encoding, Grounding((frame,)), ("a",), (open_map(frame),))
            engine.logits(query, batch)
    assert kept.call_count == 1
    assert started.call_count == 2  # bases and sources, from the tokens
