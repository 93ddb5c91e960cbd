"""Networks side by side: each gives what it gives alone, whichever inputs of others stand between its own."""

import itertools

import numpy as np
import pytest
import torch
from cspec.compiler.experiments import AnswerAt, Encoding
from cspec.compiler.groundings import Block, Frame, Grounding
from cspec.compiler.interpret_terms import Batch
from cspec.compiler.network_facts import MlpFacts
from cspec.compiler.schedule import NAIVE, WHOLE, Schedule
from cspec.compiler.terms import NetworkWorld, interchange
from cspec.lang.places import Family
from cspec.runtime.engines import Opened, open_engine, open_side_by_side
from cspec.runtime.engines.captures import Captures
from cspec.runtime.maps.open_map import open_map
from cspec.runtime.networks import Mlp

INPUTS, NETWORKS, ITEMS, CLASSES = 6, 3, 40, (0, 2)
TOKENS = MlpFacts(inputs=INPUTS, vocabulary=11, embed=2, hidden=(12, 10, 9), classes=3)
NUMBERS = MlpFacts(inputs=INPUTS, vocabulary=0, embed=1, hidden=(8, 8), classes=3, activation="tanh")
QUERY = interchange(NetworkWorld("net", "al"), ("a", "b"), "o")
SCHEDULES = (
    NAIVE,
    WHOLE,
    *(Schedule(captured, True, suffixes) for captured, suffixes in ((True, False), (False, True))),
)


def open_mlp(facts: MlpFacts) -> Opened:
    network = Mlp(facts).requires_grad_(False)
    return Opened(network, network.device, Captures(network, network.device))


@pytest.mark.parametrize(("facts", "layer", "schedule"), [*itertools.product((TOKENS, NUMBERS), (0, 1, 2), SCHEDULES)])
def test_each_gives_what_it_gives_alone(facts: MlpFacts, layer: int, schedule: Schedule) -> None:
    """Logits, states and gradients, of inputs in an order that mixes the networks, and in theirs."""
    torch.manual_seed(3)
    width = (facts.inputs * facts.embed, *facts.hidden)[layer]
    frame = Frame("hidden", layer, tuple(range(width)), width, Family("rotation"), (Block(0, 0, 2), Block(1, 2, 3)))
    encoding, grounding = Encoding(tuple(range(INPUTS)), (AnswerAt(0, CLASSES),)), Grounding((frame,))
    maps = (open_map(frame),)
    maps[0].draw(torch.Generator().manual_seed(4))
    (weight,) = maps[0].parameters()
    rng, each = np.random.default_rng(1), [open_mlp(facts) for _ in range(NETWORKS)]
    inputs = rng.integers(0, 10, (ITEMS, 3, INPUTS))
    members = np.array([[True, False], [False, True], [True, True]])[rng.integers(0, 3, ITEMS)]
    for owners in (rng.integers(0, NETWORKS, ITEMS), np.sort(rng.integers(0, NETWORKS, ITEMS))):
        column = np.broadcast_to(owners[:, None, None], (ITEMS, 3, 1))
        batch = Batch(np.concatenate([inputs, column], 2), members, ("a", "b"))
        together = open_engine("fused", open_side_by_side(each), encoding, grounding, ("a", "b"), maps, schedule)
        prepared = together.prepare(QUERY, batch, CLASSES)(torch.arange(ITEMS))
        (gradient,) = torch.autograd.grad(prepared.square().sum(), weight)
        with torch.no_grad():
            logits = together.logits(QUERY, batch)
            states = together.states(0, torch.from_numpy(batch.inputs[:, 1]))
        expected = torch.zeros_like(gradient)
        for number, opened in enumerate(each):
            rows = np.flatnonzero(owners == number)
            own = Batch(inputs[rows], members[rows], ("a", "b"))
            alone = open_engine("fused", opened, encoding, grounding, ("a", "b"), maps, NAIVE)
            wanted = alone.logits(QUERY, own)
            expected += torch.autograd.grad(wanted[..., list(CLASSES)].square().sum(), weight)[0]
            torch.testing.assert_close(logits[rows], wanted.detach(), atol=1e-5, rtol=0)
            torch.testing.assert_close(prepared[rows], wanted[..., list(CLASSES)], atol=1e-5, rtol=0)
            torch.testing.assert_close(states[rows], alone.states(0, torch.from_numpy(own.inputs[:, 1])))
        torch.testing.assert_close(gradient, expected, atol=1e-4, rtol=1e-4)
