"""One vector of sites at several layers: engines beside plain hooks, prompt by prompt.

The vector's base is that of a run in which only what lies before the vector is set.
"""

from contextlib import ExitStack
from dataclasses import replace

import numpy as np
import pytest
import torch
from cspec.compiler.groundings import Block, Frame, Grounding, Part
from cspec.compiler.interpret_terms import Batch
from cspec.compiler.plan import EngineName
from cspec.compiler.terms import interchange, plain
from cspec.lang.places import IDENTITY, Family, Position
from cspec.runtime.errors import EngineRefusal
from cspec.runtime.networks.transformers import TransformerNetwork
from torch import Tensor

from .plain_hooks import Change, hooked
from .test_engines import LAST, NAMES, SLOT, WORLD, draw_batch, drawn_maps, open_named
from .tools import WIDTH, network_of

OWN: tuple[EngineName, ...] = ("hooks", "fused")
SOME = ("gpt2", "gpt_neox, one after the other", "gemma3", "bert")
CLOSE = {"atol": 1e-5, "rtol": 1e-5}
FIRST = Part("mlp_out", 0, tuple(range(1, 9)), WIDTH, (SLOT, LAST))
LATER = (
    Part("attn_out", 1, (0, 3, 4), WIDTH, (LAST,)),
    Part("resid_post", 1, tuple(range(WIDTH)), WIDTH, (Position(slot="s", part="first"),)),
)
OTHERS = {
    "before": Frame("resid_pre", 0, (0, 5, 6), WIDTH, IDENTITY, (Block(1, 0, 3),), (SLOT,)),
    "after": Frame("resid_post", 2, (0, 5, 6), WIDTH, IDENTITY, (Block(1, 0, 3),), (LAST,)),
}


def joined(family: Family, blocks: tuple[Block, ...]) -> Frame:
    return Frame("mlp_out", 0, FIRST.dims, WIDTH, family, blocks, FIRST.positions, further=LATER)


def where(part: Part, row: Tensor) -> list[int]:
    known = {LAST: int(row[0]) - 1, SLOT: int(row[2]) - 1, Position(slot="s", part="first"): int(row[1])}
    return [known[p] for p in part.positions if isinstance(p, Position)]


class Plain:
    """Runs of one network on one prompt by plain hooks, with units of parts put in place."""

    def __init__(self, network: TransformerNetwork) -> None:
        self.model, self.facts = network.model, network.facts

    def run(self, row: Tensor, sets: list[tuple[Part, Tensor]], read: tuple[Part, ...] = ()) -> tuple[Tensor, Tensor]:
        """Logits [answer, class], and what parts hold, one after the other."""
        found: dict[int, Tensor] = {}

        def keep(index: int, part: Part) -> Change:
            def change(x: Tensor) -> Tensor:
                found[index] = x[0, where(part, row)][:, list(part.dims)].flatten()
                return x

            return change

        def put(part: Part, units: Tensor) -> Change:
            def change(x: Tensor) -> Tensor:
                at, dims = torch.tensor(where(part, row)), torch.tensor(part.dims)
                out = x.clone()
                out[0, at[:, None], dims] = units.view(len(at), len(dims))
                return out

            return change

        changes = [(part, put(part, units)) for part, units in sets]
        changes += [(part, keep(index, part)) for index, part in enumerate(read)]
        with ExitStack() as stack:
            for part, change in changes:
                heads = self.facts.heads_of(part.component)
                stack.enter_context(hooked(self.model, heads, part.component, part.layer, change))
            logits = self.model(input_ids=row[3 : 3 + int(row[0])][None]).logits[0]
        held = [found[index] for index in range(len(read))]
        return logits[[int(row[0]) - 1, int(row[2]) - 1]], torch.cat(held) if held else logits[:0, 0]


def by_plain_hooks(network: TransformerNetwork, grounding: Grounding, weight: Tensor, batch: Batch) -> Tensor:
    """`b` takes its source's dims, and the vector moves by the projection of (source - base) on `a`'s subspace."""
    plainly, (vector, other) = Plain(network), grounding.frames
    projection = weight @ weight.T
    sizes = [len(part.positions) * len(part.dims) for part in vector.parts]

    def answers(item: int) -> Tensor:
        base, first, second = torch.from_numpy(batch.inputs[item])
        of_b = [(other.parts[0], plainly.run(second, [], other.parts)[1])] if batch.members[item, 1] else []
        if not batch.members[item, 0]:
            return plainly.run(base, of_b)[0]
        before = of_b if other.layer == 0 else []
        here, there = plainly.run(base, before, vector.parts)[1], plainly.run(first, [], vector.parts)[1]
        moved = here + (there - here) @ projection
        return plainly.run(base, [*of_b, *zip(vector.parts, moved.split(sizes), strict=True)])[0]

    with torch.no_grad():
        return torch.stack([answers(item) for item in range(len(batch))])


@pytest.mark.parametrize("place", OTHERS)
@pytest.mark.parametrize("name", SOME)
def test_engines_make_the_interchange_that_plain_hooks_make(name: str, place: str) -> None:
    network, batch = network_of(name), draw_batch()
    grounding = Grounding((joined(Family("rotation"), (Block(0, 0, 3),)), OTHERS[place]))
    maps, query = drawn_maps(grounding), interchange(WORLD, NAMES, "o")
    expected = by_plain_hooks(network, grounding, maps[0].state()["weight"], batch)
    clean = open_named("hooks", network, grounding, maps).logits(plain(WORLD, "o"), batch)
    assert ((expected - clean).abs().amax((1, 2)) > 1e-3).all()
    for kind in OWN:
        engine = open_named(kind, network, grounding, maps)
        torch.testing.assert_close(engine.logits(query, batch), expected, **CLOSE)
        classes = (3, 1, 7)
        some = torch.tensor([4, 0, 5])
        prepared = engine.prepare(query, batch, classes)(some)
        torch.testing.assert_close(prepared, expected[some][..., list(classes)], **CLOSE)


@pytest.mark.parametrize("place", OTHERS)
@pytest.mark.parametrize("family", [Family("rotation"), Family("revnet", (2, 8)), IDENTITY])
def test_an_interchange_with_the_prompt_itself_changes_nothing(family: Family, place: str) -> None:
    network, batch = network_of("gemma3"), draw_batch()
    own = replace(batch, inputs=np.repeat(batch.inputs[:, :1], 3, axis=1))
    size = joined(family, ()).dim if family is IDENTITY else 4
    grounding = Grounding((joined(family, (Block(0, 0, size),)), OTHERS[place]))
    maps = drawn_maps(grounding)
    for kind in OWN:
        engine = open_named(kind, network, grounding, maps)
        clean = engine.logits(plain(WORLD, "o"), own)
        torch.testing.assert_close(engine.logits(interchange(WORLD, NAMES, "o"), own), clean, **CLOSE)


def test_whole_sites_take_the_sources_values() -> None:
    network, batch = network_of("gpt2"), draw_batch()
    frame = joined(IDENTITY, ())
    grounding = Grounding((replace(frame, blocks=(Block(0, 0, frame.dim),)), OTHERS["before"]))
    expected = by_plain_hooks(network, grounding, torch.eye(frame.dim), batch)
    for kind in OWN:
        engine = open_named(kind, network, grounding, drawn_maps(grounding))
        torch.testing.assert_close(engine.logits(interchange(WORLD, NAMES, "o"), batch), expected, **CLOSE)


@pytest.mark.parametrize("family", [Family("rotation"), Family("revnet", (2, 8))])
def test_engines_agree_on_gradients_and_on_two_blocks_of_one_vector(family: Family) -> None:
    network, batch = network_of("gpt2"), draw_batch()
    grounding = Grounding((joined(family, (Block(0, 0, 3), Block(1, 3, 5))),))
    maps, found = drawn_maps(grounding), []
    for parameter in maps[0].parameters():
        parameter.requires_grad_(True)
    for kind in OWN:
        logits = open_named(kind, network, grounding, maps).logits(interchange(WORLD, NAMES, "o"), batch)
        loss = logits.log_softmax(-1)[..., 3].mean()
        slopes = torch.autograd.grad(loss, list(maps[0].parameters()))
        found.append(torch.cat([logits.detach().flatten(), *(slope.flatten() for slope in slopes)]))
    torch.testing.assert_close(found[1], found[0], **CLOSE)
    assert max(slope.abs().max() for slope in slopes) > 1e-4


def test_parts_of_one_activation_are_read_in_the_run_itself() -> None:
    """Two places of one activation: an earlier edit of another variable is in what the map sees."""
    network, batch = network_of("gpt2"), draw_batch()
    further = (Part("resid_post", 1, (2, 7), WIDTH, (SLOT,)),)
    vector = Frame("resid_post", 1, (0, 1, 2), WIDTH, Family("rotation"), (Block(0, 0, 2),), (LAST,), further=further)
    grounding = Grounding((vector, OTHERS["before"]))
    maps = drawn_maps(grounding)
    expected = by_plain_hooks(network, grounding, maps[0].state()["weight"], batch)
    for kind in OWN:
        found = open_named(kind, network, grounding, maps).logits(interchange(WORLD, NAMES, "o"), batch)
        torch.testing.assert_close(found, expected, **CLOSE)


def test_pyvene_refuses_several_sites() -> None:
    grounding = Grounding((joined(Family("rotation"), (Block(0, 0, 3),)),))
    with pytest.raises(EngineRefusal, match="are several"):
        open_named("pyvene", network_of("gpt2"), grounding, drawn_maps(grounding))
