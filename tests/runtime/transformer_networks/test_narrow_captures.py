"""Unedited runs of which only what is read is kept: engines give what `hooks` gives, whatever the plan says is read."""

import copy
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from cspec.compiler.experiments import AnswerAt
from cspec.compiler.groundings import Block, Frame, Grounding
from cspec.compiler.interpret_terms import Batch
from cspec.compiler.schedule import Beginning, CleanReads, Schedule, SiteRead
from cspec.compiler.terms import Assignment, OutputOf, Run, ValueOf, interchange, plain
from cspec.lang.places import IDENTITY, Family
from cspec.runtime.engines import Engine, Opened, open_engine
from cspec.runtime.engines.capture_room import CaptureRoom
from cspec.runtime.engines.captures import Captures
from cspec.runtime.maps import FeatureMap
from cspec.runtime.networks.transformers import TransformerNetwork
from torch import Tensor

from .test_engines import ENCODING, LAST, NAMES, SLOT, WORLD, draw_batch, drawn_maps, open_named, two_places
from .test_joined_sites import OTHERS, joined
from .test_last_layer import CAUSAL, positions_passed
from .tools import CONFIGS, DECODERS, LAYERS, VOCABULARY, WIDTH, network_of

CLOSE = {"atol": 1e-5, "rtol": 1e-5}
READS = {
    "nothing is said": CleanReads(),
    "what is read": CleanReads(
        (SiteRead("resid_pre", 1, (SLOT, LAST)), SiteRead("resid_post", LAYERS - 1, (LAST,))),
        (Beginning(1, ((SLOT, LAST),)),),
    ),
    "more than that": CleanReads(
        (SiteRead("resid_post", 1, (1, SLOT)), SiteRead("mlp_act", 1, (LAST,)), SiteRead("resid_pre", 1, (0,))),
        (Beginning(1, ((LAST,), (SLOT,))), Beginning(2, ((LAST,),))),
    ),
    "alike": CleanReads(
        (SiteRead("resid_pre", 1, (LAST,)),), (Beginning(1, ((LAST,),)), Beginning(2, ((SLOT,),))), True
    ),
}
SOME = ("gpt2", "gpt_neox, one after the other", "llama", "gemma3", "bert")


def narrow(reads: CleanReads, prefixes: bool = True, sweeps: bool = True) -> Schedule:
    return Schedule(True, True, True, prefixes, "where read", 100, sweeps, reads=reads)


def opened(network: TransformerNetwork, room: int | None = None) -> Opened:
    captures = Captures(network, network.device, None if room is None else CaptureRoom(room))
    return Opened(network, network.device, captures)


def fused(
    there: Opened, grounding: Grounding, maps: tuple[FeatureMap, ...], schedule: Schedule, names: Sequence[str] = NAMES
) -> Engine:
    return open_engine("fused", there, ENCODING, grounding, tuple(names), maps, schedule)


def groundings(network: TransformerNetwork) -> tuple[Grounding, ...]:
    """Several positions as one vector, one position within a layer, sites at several layers as one, and later ones."""
    dims = tuple(range(WIDTH))
    blocks = (Block(0, 0, 3), Block(1, 3, 5))
    several = Frame("resid_post", 0, dims, WIDTH, Family("rotation"), blocks, (SLOT, LAST))
    return (
        Grounding((several,)),
        two_places(network, "mlp_act", 1, (LAST,)),
        Grounding((joined(Family("rotation"), (Block(0, 0, 3),)), OTHERS["after"])),
        Grounding((replace(several, layer=LAYERS - 1, positions=(LAST,)),)),
    )


@pytest.mark.parametrize(
    ("name", "reads"),
    [(name, kind) for name in CONFIGS for kind in READS if name in SOME[:3] or kind == "what is read"],
)
def test_engines_that_share_narrow_captures_give_what_hooks_give(name: str, reads: str) -> None:
    """In one order and the other, so that each goes on with what the others have left; prompts have several lengths."""
    network, batch = network_of(name), draw_batch(8)
    sites = groundings(network)
    maps = [drawn_maps(grounding) for grounding in sites]
    queries = (interchange(WORLD, NAMES, "o"), plain(WORLD, "o"))
    rows = torch.from_numpy(batch.inputs[:, 1])
    expected = []
    for grounding, own in zip(sites, maps, strict=True):
        hooks = open_named("hooks", network, grounding, own)
        expected.append([*(hooks.logits(query, batch) for query in queries), hooks.states(0, rows)])
    ways = [(True, range(len(sites))), (True, reversed(range(len(sites)))), (False, range(len(sites)))]
    for prefixes, order in ways:
        there = opened(network)
        for index in order:
            engine = fused(there, sites[index], maps[index], narrow(READS[reads], prefixes))
            for part in (slice(5), slice(2, 8)):
                for query, wanted in zip(queries, expected[index], strict=False):
                    torch.testing.assert_close(engine.logits(query, batch.take(part)), wanted[part], **CLOSE)
                torch.testing.assert_close(engine.states(0, rows[part]), expected[index][2][part], **CLOSE)
            prepared = engine.prepare(queries[0], batch, (0, 1))(torch.tensor([3, 0, 7, 3]))
            torch.testing.assert_close(prepared, expected[index][0][[3, 0, 7, 3]][..., [0, 1]], **CLOSE)


@pytest.mark.parametrize("lengths", [(9, 5), (5, 9)])
def test_prompts_of_another_length_go_on_from_their_own_prefixes(lengths: tuple[int, int]) -> None:
    """Edited and read at the last position alone, so that keys and values are kept of nearly whole prompts."""
    network, encoding = network_of("gpt2"), replace(ENCODING, answers=(AnswerAt(LAST, (0, 1)),))
    grounding = two_places(network, "head_out", 1, (LAST,))
    maps, batch = drawn_maps(grounding), draw_batch(8)
    there = opened(network)
    engine = open_engine("fused", there, encoding, grounding, NAMES, maps, narrow(CleanReads()))
    hooks = open_engine("hooks", opened(network), encoding, grounding, NAMES, maps)
    for length in lengths:
        rows = batch.inputs[..., : 3 + length].copy()
        rows[..., 0], rows[..., 3:] = length, (rows[..., [3]] + np.arange(length)) % VOCABULARY
        some = replace(batch, inputs=rows)
        for query in (interchange(WORLD, NAMES, "o"), plain(WORLD, "o")):
            torch.testing.assert_close(engine.logits(query, some), hooks.logits(query, some), **CLOSE)


@pytest.mark.parametrize("name", SOME)
def test_what_is_read_in_an_edited_run_is_what_hooks_read(name: str) -> None:
    """A value in a run in which something earlier is set, and a layer's activation in such a run."""
    network, batch = network_of(name), draw_batch(8)
    grounding = two_places(network, "resid_post", 0, (SLOT,))
    maps = drawn_maps(grounding)
    first = Run(WORLD, 1, (Assignment("a", ValueOf("a", Run(WORLD, 2))),))
    nested = OutputOf("o", Run(WORLD, 0, (Assignment("b", ValueOf("b", first)),)))
    hooks = open_named("hooks", network, grounding, maps)
    for reads in READS.values():
        engine = fused(opened(network), grounding, maps, narrow(reads))
        torch.testing.assert_close(engine.logits(nested, batch), hooks.logits(nested, batch), **CLOSE)
        for frame, positions in ((0, (SLOT,)), (1, (SLOT, LAST)), (1, (0,))):
            found, expected = (each.intervened_at(positions, frame, first, batch) for each in (engine, hooks))
            torch.testing.assert_close(found, expected, **CLOSE)
        rows = torch.from_numpy(batch.inputs[:, 0])
        torch.testing.assert_close(
            engine.activation_at((SLOT,), 0, rows), hooks.activation_at((SLOT,), 0, rows), **CLOSE
        )
        found, expected = (each.answer_and_read(OutputOf("o", first), (0, 1), batch) for each in (engine, hooks))
        for one, other in zip((found[0], *found[1]), (expected[0], *expected[1]), strict=True):
            torch.testing.assert_close(one, other, **CLOSE)


@pytest.mark.parametrize("name", SOME)
def test_gradients_are_those_of_whole_runs(name: str) -> None:
    whole, batch = network_of(name), draw_batch(8)
    network = TransformerNetwork(copy.deepcopy(whole.model).double(), whole.facts)
    grounding = groundings(network)[0]
    maps = drawn_maps(grounding, fixed=False)
    weights = torch.randn(8, 2, network.facts.vocabulary, generator=torch.Generator().manual_seed(0)).double()
    parameters = [weight for weight in maps[0].parameters() if weight.requires_grad]

    def slopes(engine: Engine) -> tuple[Tensor, ...]:
        loss = (engine.logits(interchange(WORLD, NAMES, "o"), batch) * weights).sum()
        return torch.autograd.grad(loss, parameters)

    expected = slopes(open_named("hooks", network, grounding, maps))
    for reads in READS.values():
        found = slopes(fused(opened(network), grounding, maps, narrow(reads)))
        for one, other in zip(found, expected, strict=True):
            torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)  # maps are in float32


@pytest.mark.parametrize("room", [0, 1 << 10, 1 << 13])
def test_captures_in_files_give_what_those_in_memory_give(room: int) -> None:
    network, batch = network_of("llama"), draw_batch(30)
    grounding = groundings(network)[0]
    maps = drawn_maps(grounding)
    query = interchange(WORLD, NAMES, "o")
    expected = open_named("hooks", network, grounding, maps).logits(query, batch)
    there = opened(network, room)
    for _ in range(2):
        found = fused(there, grounding, maps, narrow(READS["what is read"])).logits(query, batch)
        torch.testing.assert_close(found, expected, **CLOSE)
    assert there.captures.size <= room


def placed(*positions: int) -> tuple[Grounding, Batch]:
    """One vector at the entrance of layer 1, and prompts of plain tokens whose answer is read at the end."""
    frame = Frame("resid_post", 0, tuple(range(WIDTH)), WIDTH, IDENTITY, (Block(0, 0, WIDTH),), positions)
    rows = np.random.default_rng(0).integers(0, 40, (7, 2, 12))
    rows = np.concatenate([np.full((7, 2, 1), 12), np.full((7, 2, 1), 6), np.full((7, 2, 1), 8), rows], 2)
    return Grounding((frame,)), Batch(rows, np.ones((7, 1), bool), ("a",))


@CAUSAL
def test_a_source_is_run_as_far_as_it_is_read_and_alone_where_it_is(name: str) -> None:
    """Up to the layer, no token after the position; of the layer before it all but keys and values there alone."""
    network, (grounding, batch) = network_of(name), placed(5)
    reads = CleanReads((SiteRead("resid_post", 0, (5,)), SiteRead("resid_post", 1, (5,))), (Beginning(1, ((5,),)),))
    engine = fused(opened(network), grounding, drawn_maps(grounding), narrow(reads), ("a",))
    with positions_passed(network, 0) as first, positions_passed(network, 1) as second:
        engine.states(0, torch.from_numpy(batch.inputs[:, 1]))
    assert (first, second) == ([6], [1])
    with positions_passed(network, 0) as first, positions_passed(network, 1) as second:
        engine.states(0, torch.from_numpy(batch.inputs[:, 1]))
    assert (first, second) == ([], [])


@pytest.mark.parametrize("name", DECODERS)
def test_a_base_is_run_once_and_goes_on_to_its_answer_after_its_keys_and_values(name: str) -> None:
    network, (grounding, batch) = network_of(name), placed(5)
    reads = CleanReads((SiteRead("resid_post", 0, (5,)),), (Beginning(1, ((5,),)),))
    there = opened(network)
    engine = fused(there, grounding, drawn_maps(grounding), narrow(reads), ("a",))
    query = interchange(WORLD, ("a",), "o")
    with positions_passed(network, 0) as passed:
        engine.logits(query, batch)
    assert sorted(passed) == ([6, 12] if name == "gemma2" else [1, 12])  # sources, and bases
    with positions_passed(network, 0) as first, positions_passed(network, LAYERS - 2) as middle:
        engine.logits(plain(WORLD, "o"), batch)
        engine.logits(query, batch)
    assert (first, middle) == ([], [7, 7])
