"""What an alignment leaves of a layer, after prompts that differ in their positions: against plain hooks."""

import numpy as np
import pytest
import torch
from cspec.compiler.groundings import Block, Frame, Grounding
from cspec.compiler.interpret_terms import Batch
from cspec.compiler.plan import EngineName
from cspec.compiler.terms import interchange
from cspec.lang.places import IDENTITY, Family
from cspec.runtime.engines.feed import Feed
from cspec.runtime.errors import EnvironmentProblem
from cspec.runtime.scoring.rest import find_rests, shuffle_rests
from torch import Tensor

from .plain_hooks import hooked
from .test_engines import CLOSE, ENCODING, ENGINES, LAST, NAMES, SLOT, WORLD, drawn_maps, open_named
from .tools import WIDTH, draw_tokens, network_of

LENGTH, ITEMS, DONORS = 6, 8, 5
DIMS = (0, 5, 6)


def draw_prompts(count: int, roles: int, seed: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Prompts of one length, each with a slot of two tokens somewhere in it, shape [prompt, role, column]."""
    rng = np.random.default_rng(seed)
    rows = np.empty((count, roles, 3 + LENGTH), dtype=np.int64)
    for item, role in np.ndindex(count, roles):
        start = rng.integers(0, LENGTH - 2)
        rows[item, role, :3] = LENGTH, start, start + 2
        rows[item, role, 3:] = draw_tokens(1, LENGTH, seed=int(rng.integers(1 << 30)))[0]
    return rows


@pytest.mark.parametrize("kind", ENGINES)
@pytest.mark.parametrize("family", [IDENTITY, Family("rotation")])
def test_a_rest_is_shuffled_as_plain_hooks_shuffle_it(family: Family, kind: EngineName) -> None:
    """`a` in 3 dims (or a subspace of three) at its prompt's slot, `b` on three dims of the last token."""
    network, layer = network_of("gpt2"), 1
    dims = DIMS if family is IDENTITY else tuple(range(WIDTH))
    first = Frame("resid_post", layer, dims, WIDTH, family, (Block(0, 0, 3),), (SLOT,))
    grounding = Grounding((first, Frame("resid_post", layer, DIMS, WIDTH, IDENTITY, (Block(1, 0, 3),), (LAST,))))
    maps = drawn_maps(grounding)
    members = np.array([[True, False], [False, True], [True, True], [False, False]])[np.arange(ITEMS) % 4]
    batch = Batch(draw_prompts(ITEMS, 3, 0), members, NAMES)
    donors = torch.from_numpy(draw_prompts(DONORS if family is IDENTITY else 1, 1, 1)[:, 0])
    base = torch.from_numpy(batch.inputs[:, 0])
    assert len(set(base[:, 2].tolist())) > 2

    engine, feed = open_named(kind, network, grounding, maps), Feed(ENCODING)
    where = [feed.where_set(frame, base) for frame in grounding.frames]
    rests = find_rests(engine, grounding.frames, where, ITEMS, LENGTH)
    assert {rest.units for rest in rests} == {LENGTH * WIDTH - 6}
    chosen = torch.from_numpy(np.random.default_rng(2).integers(0, len(donors), (ITEMS, LENGTH * WIDTH - 6)))
    pool = engine.activation(0, donors)
    found = engine.logits_after(
        interchange(WORLD, NAMES, "o"), batch, lambda state: shuffle_rests(rests, state, pool, chosen)
    )

    def state(row: Tensor) -> Tensor:
        kept: list[Tensor] = []

        def keep(x: Tensor) -> Tensor:
            kept.append(x[0])
            return x

        with hooked(network.model, 0, "resid_post", layer, keep):
            network.model(input_ids=row[3:][None])
        return kept[0]

    natural = torch.stack([state(row) for row in donors])
    projection = torch.eye(WIDTH)[:, list(DIMS)]
    if family is not IDENTITY:
        projection = maps[0].state()["weight"]
    projection = projection @ projection.T
    for item in range(ITEMS):
        own, *sources = torch.from_numpy(batch.inputs[item])
        slot = int(own[2]) - 1
        owned = torch.zeros(LENGTH, WIDTH, dtype=torch.bool)
        owned[slot] = torch.tensor([family is not IDENTITY or dim in DIMS for dim in range(WIDTH)])
        owned[-1, list(DIMS)] = True
        drawn = iter(chosen[item].tolist())
        wanted = state(own)
        held = [wanted[slot], wanted[-1, list(DIMS)]]
        if members[item, 0]:
            held[0] = state(sources[0])[int(sources[0][2]) - 1]
        if members[item, 1]:
            held[1] = state(sources[1])[-1, list(DIMS)]
        for position, dim in torch.nonzero(~owned).tolist():
            wanted[position, dim] = natural[next(drawn), position, dim]
        left = natural[0, slot] if family is not IDENTITY else wanted[slot]
        wanted[slot] = projection @ held[0] + left - projection @ left
        wanted[-1, list(DIMS)] = held[1]
        with hooked(network.model, 0, "resid_post", layer, lambda _, wanted=wanted: wanted[None]):  # type: ignore[misc]
            logits = network.model(input_ids=own[3:][None]).logits[0]
        torch.testing.assert_close(found[item], logits[[LENGTH - 1, slot]], **CLOSE)


def test_prompts_of_several_lengths_have_no_counterparts() -> None:
    rows = torch.from_numpy(draw_prompts(4, 1, 0)[:, 0])
    Feed(ENCODING).check_lengths(rows, rows)
    with pytest.raises(EnvironmentProblem, match="of one length") as caught:
        Feed(ENCODING).check_lengths(rows, rows - torch.eye(9, dtype=torch.int64)[:1])
    assert caught.value.code == "CS549"
