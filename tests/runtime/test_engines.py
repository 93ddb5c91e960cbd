"""Both engines against closed formulas written out by hand, and against each other."""

import resource
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from cspec.compiler.experiments import AnswerAt, Encoding
from cspec.compiler.groundings import Block, Frame, Grounding
from cspec.compiler.interpret_terms import Batch
from cspec.compiler.network_facts import MlpFacts, TracrFacts
from cspec.compiler.plan import EngineName
from cspec.compiler.terms import Assignment, NetworkWorld, OutputOf, Run, ValueOf, interchange, plain
from cspec.lang.places import IDENTITY, Family
from cspec.runtime.engines import Engine, Opened, parts
from cspec.runtime.engines import open_engine as open_named
from cspec.runtime.engines.capture_room import CaptureRoom
from cspec.runtime.engines.captures import Captures
from cspec.runtime.engines.kept import Kept
from cspec.runtime.engines.pyvene_interventions import column_ranges
from cspec.runtime.errors import EngineRefusal, EnvironmentProblem
from cspec.runtime.maps import FeatureMap
from cspec.runtime.maps.open_map import open_map
from cspec.runtime.networks import Mlp, PlainNetwork, Tracr
from cspec.runtime.networks.protocol import read_site
from torch import Tensor

FACTS = MlpFacts(inputs=3, vocabulary=7, embed=4, hidden=(12, 10, 9), classes=3)
WORLD = NetworkWorld("net", "a")
NAMES = ("a", "b")
ROTATION = Grounding((Frame("hidden", 1, tuple(range(12)), 12, Family("rotation"), (Block(0, 0, 3), Block(1, 3, 5))),))


@pytest.fixture(params=["fused", "hooks", "pyvene"])
def kind(request: pytest.FixtureRequest) -> EngineName:
    return request.param


def opened(
    kind: EngineName, network: PlainNetwork, grounding: Grounding, names: tuple[str, ...], maps: tuple[FeatureMap, ...]
) -> Engine:
    """An engine that reads an answer at every position."""
    device = torch.device("cpu")
    reads = 5 if isinstance(network, Tracr) else 1
    encoding = Encoding((0, 1, 2), tuple(AnswerAt(position, (0, 1)) for position in range(reads)))
    return open_named(kind, Opened(network, device, Captures(network, device)), encoding, grounding, names, maps)


def open_engine(
    kind: EngineName, network: PlainNetwork, grounding: Grounding, names: tuple[str, ...], *weights: Tensor | None
) -> Engine:
    """An engine whose subspaces have these weights (None: given dims; none at all: as they are opened)."""
    maps = tuple(open_map(frame) for frame in grounding.frames)
    for map, weight in zip(maps, weights, strict=False):
        if weight is not None:
            map.restore({"weight": weight})
    return opened(kind, network, grounding, names, maps)


@pytest.fixture
def network() -> Mlp:
    torch.manual_seed(3)
    return Mlp(FACTS).requires_grad_(False).eval()


@pytest.fixture
def batch() -> Batch:
    rng = np.random.default_rng(5)
    members = np.array([[True, False], [False, True], [True, True]])[rng.integers(0, 3, 40)]
    return Batch(rng.integers(0, 7, (40, 3, 3)), members, NAMES)


def hidden(network: Mlp, tokens: Tensor, layer: int) -> Tensor:
    x = network.embed(tokens).flatten(1)
    for linear in list(network.layers)[:layer]:
        x = torch.relu(linear(x))
    return x


def finish(network: Mlp, x: Tensor, layer: int) -> Tensor:
    for linear in list(network.layers)[layer:]:
        x = torch.relu(linear(x))
    return network.head(x)[:, None]


def swapped(network: Mlp, batch: Batch, layer: int, projections: list[Tensor]) -> Tensor:
    """base + sum over variables in S of P_v (source_v - base), P_v the projection on the variable's block."""
    tokens = torch.from_numpy(batch.inputs)
    base = hidden(network, tokens[:, 0], layer)
    x = base.clone()
    for index, projection in enumerate(projections):
        difference = hidden(network, tokens[:, index + 1], layer) - base
        x += (difference @ projection) * torch.from_numpy(batch.members[:, index])[:, None]
    return finish(network, x, layer)


def frame(rows: int, columns: int) -> Tensor:
    return torch.linalg.qr(torch.randn(rows, columns, generator=torch.Generator().manual_seed(1))).Q


def test_a_plain_run_is_the_networks_own(kind: EngineName, network: Mlp, batch: Batch) -> None:
    engine = open_engine(kind, network, ROTATION, NAMES)
    tokens = torch.from_numpy(batch.inputs)
    torch.testing.assert_close(engine.logits(plain(WORLD, "o", 2), batch), network(tokens[:, 2]), atol=1e-6, rtol=0)


def test_blocks_of_one_rotation_equal_the_closed_formula(kind: EngineName, network: Mlp, batch: Batch) -> None:
    q = frame(12, 5)
    engine = open_engine(kind, network, ROTATION, NAMES, q)
    found = engine.logits(interchange(WORLD, NAMES, "o"), batch)
    blocks = [q[:, :3] @ q[:, :3].T, q[:, 3:] @ q[:, 3:].T]
    torch.testing.assert_close(found, swapped(network, batch, 1, blocks), atol=2e-6, rtol=0)
    assert (found - engine.logits(plain(WORLD, "o"), batch)).abs().max() > 0.01


@pytest.mark.parametrize("dims", [((0, 3), (5, 6, 7)), ((2,), (0, 1)), ((0, 1, 2, 3), (8, 11))])
def test_identity_on_dims_exchanges_exactly_these(
    kind: EngineName, network: Mlp, batch: Batch, dims: tuple[tuple[int, ...], tuple[int, ...]]
) -> None:
    frames = tuple(
        Frame("hidden", 1, own, 12, IDENTITY, (Block(index, 0, len(own)),)) for index, own in enumerate(dims)
    )
    found = open_engine(kind, network, Grounding(frames), NAMES).logits(interchange(WORLD, NAMES, "o"), batch)
    projections = [torch.diag(torch.tensor([float(i in own) for i in range(12)])) for own in dims]
    torch.testing.assert_close(found, swapped(network, batch, 1, projections), atol=2e-6, rtol=0)


def test_rotation_within_dims_beside_another_frame_at_the_same_site(
    kind: EngineName, network: Mlp, batch: Batch
) -> None:
    dims = (1, 2, 4, 5, 6, 9)
    frames = (
        Frame("hidden", 1, dims, 12, Family("rotation"), (Block(0, 0, 2),)),
        Frame("hidden", 1, (0, 3), 12, IDENTITY, (Block(1, 0, 2),)),
    )
    q = frame(6, 2)
    engine = open_engine(kind, network, Grounding(frames), NAMES, q, None)
    wide = torch.zeros(12, 2)
    wide[list(dims)] = q
    projections = [wide @ wide.T, torch.diag(torch.tensor([float(i in (0, 3)) for i in range(12)]))]
    found = engine.logits(interchange(WORLD, NAMES, "o"), batch)
    torch.testing.assert_close(found, swapped(network, batch, 1, projections), atol=2e-6, rtol=0)


def test_two_rotations_at_one_site_interleaved_do_not_undo_each_other(kind: EngineName, network: Mlp) -> None:
    rng = np.random.default_rng(7)
    names = ("a", "b", "c")
    members = rng.integers(0, 2, (30, 3)).astype(bool)
    batch = Batch(rng.integers(0, 7, (30, 4, 3)), members, names)
    left, right = tuple(range(6)), tuple(range(6, 12))
    frames = (
        Frame("hidden", 1, left, 12, Family("rotation"), (Block(0, 0, 2), Block(2, 2, 4))),
        Frame("hidden", 1, right, 12, Family("rotation"), (Block(1, 0, 3),)),
    )
    p, q = frame(6, 4), frame(6, 3)
    engine = open_engine(kind, network, Grounding(frames), names, p, q)
    wide = [torch.zeros(12, 2), torch.zeros(12, 3), torch.zeros(12, 2)]
    wide[0][:6], wide[2][:6], wide[1][6:] = p[:, :2], p[:, 2:], q
    found = engine.logits(interchange(WORLD, names, "o"), batch)
    expected = swapped(network, batch, 1, [w @ w.T for w in wide])
    torch.testing.assert_close(found, expected, atol=2e-6, rtol=0)


def test_variables_at_two_layers_are_patched_in_one_run(kind: EngineName, network: Mlp, batch: Batch) -> None:
    frames = (
        Frame("hidden", 1, tuple(range(12)), 12, Family("rotation"), (Block(0, 0, 3),)),
        Frame("hidden", 2, tuple(range(4)), 10, IDENTITY, (Block(1, 0, 4),)),
    )
    q = frame(12, 3)
    engine = open_engine(kind, network, Grounding(frames), NAMES, q, None)
    tokens = torch.from_numpy(batch.inputs)
    base = hidden(network, tokens[:, 0], 1)
    first = torch.from_numpy(batch.members[:, 0])[:, None]
    second = torch.from_numpy(batch.members[:, 1])[:, None]
    x = base + (hidden(network, tokens[:, 1], 1) - base) @ q @ q.T * first
    x = torch.relu(network.layers[1](x))
    x[:, :4] = torch.where(second, hidden(network, tokens[:, 2], 2)[:, :4], x[:, :4])
    found = engine.logits(interchange(WORLD, NAMES, "o"), batch)
    torch.testing.assert_close(found, finish(network, x, 2), atol=2e-6, rtol=0)


def test_activations_are_read_after_the_interventions(kind: EngineName, network: Mlp, batch: Batch) -> None:
    frames = (
        Frame("hidden", 1, (0, 3), 12, IDENTITY, (Block(0, 0, 2),)),
        Frame("hidden", 2, tuple(range(4)), 10, IDENTITY, (Block(1, 0, 4),)),
    )
    engine = open_engine(kind, network, Grounding(frames), NAMES)
    tokens, members = torch.from_numpy(batch.inputs), torch.from_numpy(batch.members)
    early = hidden(network, tokens[:, 0], 1)
    early[:, [0, 3]] = torch.where(members[:, :1], hidden(network, tokens[:, 1], 1)[:, [0, 3]], early[:, [0, 3]])
    late = torch.relu(network.layers[1](early))
    late[:, :4] = torch.where(members[:, 1:], hidden(network, tokens[:, 2], 2)[:, :4], late[:, :4])
    run = interchange(WORLD, NAMES, "o").run
    for index, expected in enumerate((early, late)):
        found = engine.intervened_at((0,), index, run, batch)[:, 0]
        torch.testing.assert_close(found, expected, atol=2e-6, rtol=0)


def test_an_edit_comes_after_the_interventions_and_never_in_the_sources(
    kind: EngineName, network: Mlp, batch: Batch
) -> None:
    frames = tuple(
        Frame("hidden", 1, dims, 12, IDENTITY, (Block(i, 0, len(dims)),)) for i, dims in enumerate([(0, 1), (2, 3)])
    )
    engine = open_engine(kind, network, Grounding(frames), NAMES)
    tokens, members = torch.from_numpy(batch.inputs), torch.from_numpy(batch.members)
    state = hidden(network, tokens[:, 0], 1)
    for index, dims in enumerate([[0, 1], [2, 3]]):
        source = hidden(network, tokens[:, index + 1], 1)
        state[:, dims] = torch.where(members[:, [index]], source[:, dims], state[:, dims])
    query = interchange(WORLD, NAMES, "o")
    found = engine.logits_after(query, batch, lambda x: 3 * x - 1)
    torch.testing.assert_close(found, finish(network, 3 * state - 1, 1), atol=1e-5, rtol=0)
    # nothing of it stays behind
    plain = engine.logits(query, batch)
    torch.testing.assert_close(plain, finish(network, state, 1), atol=2e-6, rtol=0)


def test_variables_outside_the_set_change_nothing_at_all(kind: EngineName, network: Mlp, batch: Batch) -> None:
    engine = open_engine(kind, network, ROTATION, NAMES)
    nobody = Batch(batch.inputs, np.zeros_like(batch.members), NAMES)
    found = engine.logits(interchange(WORLD, NAMES, "o"), nobody)
    torch.testing.assert_close(found, network(torch.from_numpy(batch.inputs[:, 0])), atol=1e-6, rtol=0)


def test_every_site_of_the_network_can_be_exchanged_whole(kind: EngineName, network: Mlp, batch: Batch) -> None:
    one = Batch(batch.inputs, np.ones((40, 1), dtype=bool), ("a",))
    tokens = torch.from_numpy(batch.inputs)
    for component, layer, width in (("hidden", 0, 12), ("hidden", 3, 9), ("logits", None, 3)):
        grounding = Grounding((Frame(component, layer, tuple(range(width)), width, IDENTITY, (Block(0, 0, width),)),))
        found = open_engine(kind, network, grounding, ("a",)).logits(interchange(WORLD, ("a",), "o"), one)
        torch.testing.assert_close(found, network(tokens[:, 1]), atol=1e-6, rtol=0)


def test_gradients_equal_those_of_the_closed_formula(kind: EngineName, network: Mlp, batch: Batch) -> None:
    engine = open_engine(kind, network, ROTATION, NAMES)
    engine.maps[0].draw(torch.Generator().manual_seed(11))
    parameters = list(engine.maps[0].parameters())
    q = engine.maps[0].state()["weight"]
    labels = torch.arange(40) % 3

    def closed_loss(q: Tensor) -> Tensor:
        blocks = [q[:, :3] @ q[:, :3].T, q[:, 3:] @ q[:, 3:].T]
        return torch.nn.functional.cross_entropy(swapped(network, batch, 1, blocks)[:, 0], labels)

    def engine_loss() -> Tensor:
        return torch.nn.functional.cross_entropy(engine.logits(interchange(WORLD, NAMES, "o"), batch)[:, 0], labels)

    before = engine_loss()
    torch.testing.assert_close(before.detach(), closed_loss(q), atol=1e-6, rtol=0)
    (found,) = torch.autograd.grad(before, parameters)
    (euclidean,) = torch.autograd.grad(closed_loss(q.requires_grad_()), q)
    inner = q.detach().T @ euclidean
    along_frames = euclidean - q.detach() @ ((inner + inner.T) / 2)  # no frame lies in the other directions
    torch.testing.assert_close(found, along_frames, atol=1e-6, rtol=0)
    assert float(found.norm()) > 1e-3
    with torch.no_grad():
        parameters[0] -= 0.01 * found
    engine.maps[0].settle()
    torch.testing.assert_close(engine_loss().detach(), closed_loss(engine.maps[0].state()["weight"]), atol=1e-6, rtol=0)


@pytest.mark.parametrize("deep", [False, True], ids=["one site", "two layers"])
def test_a_prepared_query_gives_the_logits_and_gradients_of_its_items(
    kind: EngineName, network: Mlp, batch: Batch, deep: bool
) -> None:
    second = Frame("hidden", 2, tuple(range(10)), 10, Family("rotation"), (Block(1, 0, 2),))
    first = replace(ROTATION.frames[0], blocks=(Block(0, 0, 3),))
    engine = open_engine(kind, network, Grounding((first, second)) if deep else ROTATION, NAMES)
    for seed, map in enumerate(engine.maps):
        map.draw(torch.Generator().manual_seed(seed))
    parameters = [parameter for map in engine.maps for parameter in map.parameters()]
    query, rows = interchange(WORLD, NAMES, "o"), torch.tensor([5, 39, 0, 5, 17])
    prepared = engine.prepare(query, batch, (0, 1, 2))
    for _ in range(2):  # the maps move, the batch stays
        found, expected = prepared(rows), engine.logits(query, batch.take(rows.numpy()))
        torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)
        gradients = [torch.autograd.grad(logits.square().sum(), parameters) for logits in (found, expected)]
        for one, other in zip(*gradients, strict=True):
            torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)
        for seed, map in enumerate(engine.maps):
            map.draw(torch.Generator().manual_seed(10 + seed))
        parameters = [parameter for map in engine.maps for parameter in map.parameters()]
    assert float((found - engine.logits(plain(WORLD, "o"), batch.take(rows.numpy()))).detach().abs().max()) > 0.01


def test_a_prepared_query_may_hold_values_of_edited_runs(network: Mlp, batch: Batch) -> None:
    engine = open_engine("fused", network, ROTATION, NAMES)
    engine.maps[0].draw(torch.Generator().manual_seed(4))
    inner = Run(WORLD, 1, (Assignment("b", ValueOf("b", Run(WORLD, 2))),))
    query = OutputOf("o", Run(WORLD, 0, (Assignment("a", ValueOf("a", inner)),)))
    rows = torch.tensor([3, 1])
    found, expected = engine.prepare(query, batch, (2, 0))(rows), engine.logits(query, batch)[rows][..., [2, 0]]
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)


def test_frames_stay_orthonormal_while_they_are_trained(kind: EngineName, network: Mlp, batch: Batch) -> None:
    engine = open_engine(kind, network, ROTATION, NAMES)
    engine.maps[0].draw(torch.Generator().manual_seed(2))
    optimizer = torch.optim.Adam(engine.maps[0].parameters(), lr=0.05)
    labels = torch.arange(40) % 3
    for _ in range(50):
        loss = torch.nn.functional.cross_entropy(engine.logits(interchange(WORLD, NAMES, "o"), batch)[:, 0], labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        engine.maps[0].settle()
        q = engine.maps[0].frame.weight.detach()
        torch.testing.assert_close(q.T @ q, torch.eye(5), atol=1e-5, rtol=0)


def test_a_nested_run_is_set_in_items_whose_set_has_the_variable(kind: EngineName, network: Mlp, batch: Batch) -> None:
    engine = open_engine(kind, network, ROTATION, NAMES)
    inner = Run(WORLD, 1, (Assignment("b", ValueOf("b", Run(WORLD, 2))),))
    nested = Run(WORLD, 0, (Assignment("a", ValueOf("a", inner)),), within_set=True)
    always, never = replace(nested, within_set=False), Run(WORLD, 0)
    within, changed, kept = (engine.logits(OutputOf("o", run), batch) for run in (nested, always, never))
    has = torch.from_numpy(batch.members[:, 0])
    assert not torch.allclose(changed, kept, atol=1e-3)
    expected = torch.where(has.view(-1, *[1] * (kept.ndim - 1)), changed, kept)
    torch.testing.assert_close(within, expected, atol=1e-5, rtol=0)


def test_a_variable_without_a_place_is_refused_by_name(kind: EngineName, network: Mlp, batch: Batch) -> None:
    with pytest.raises(EngineRefusal, match="`z` is not aligned"):
        open_engine(kind, network, Grounding(()), ("z",)).logits(
            interchange(WORLD, ("z",), "o"), Batch(batch.inputs, batch.members[:, :1], ("z",))
        )


def test_a_nested_run_takes_the_value_that_the_inner_interchange_leaves(
    kind: EngineName, network: Mlp, batch: Batch
) -> None:
    frames = (
        Frame("hidden", 1, (0, 1, 2), 12, IDENTITY, (Block(0, 0, 3),)),
        Frame("hidden", 2, (4, 5), 10, IDENTITY, (Block(1, 0, 2),)),
    )
    engine = open_engine(kind, network, Grounding(frames), NAMES)
    inner = Run(WORLD, 1, (Assignment("a", ValueOf("a", Run(WORLD, 2))),))
    nested = OutputOf("o", Run(WORLD, 0, (Assignment("b", ValueOf("b", inner)),)))
    tokens = torch.from_numpy(batch.inputs)
    middle = hidden(network, tokens[:, 1], 1)
    middle[:, :3] = hidden(network, tokens[:, 2], 1)[:, :3]
    x = hidden(network, tokens[:, 0], 2)
    x[:, [4, 5]] = torch.relu(network.layers[1](middle))[:, [4, 5]]
    torch.testing.assert_close(engine.logits(nested, batch), finish(network, x, 2), atol=2e-6, rtol=0)


@pytest.mark.parametrize(
    ("family", "sizes", "learned"),
    [
        (IDENTITY, (2, 3), False),
        (IDENTITY, (0, 0), True),
        (Family("rotation"), (3, 2), False),
        (Family("rotation"), (0, 0), True),
        (Family("revnet", (2, 8)), (3, 2), False),
    ],
    ids=["dims", "masked dims", "rotation", "boundless", "revnet"],
)
@pytest.mark.parametrize("shared", [False, True])
def test_engines_agree_on_the_same_maps_of_a_transformer(
    family: Family, sizes: tuple[int, int], learned: bool, shared: bool
) -> None:
    facts = TracrFacts(vocabulary=6, bos=4, context=5, stream=8, blocks=2, heads=2, key=3, mlp=10, classes=4)
    network = Tracr(facts).requires_grad_(False).eval()
    generator = torch.Generator().manual_seed(4)
    for parameter in network.parameters():
        parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.4)
    blocks = (Block(0, 0, sizes[0]), Block(1, sizes[0], sizes[0] + sizes[1]))
    frames = (Frame("resid", 2, tuple(range(1, 8)), 8, family, blocks, (1, 3), shared, learned),)
    grounding = Grounding(frames)
    maps = tuple(open_map(frame) for frame in frames)
    maps[0].draw(generator)
    maps[0].restore(maps[0].state())
    rng = np.random.default_rng(2)
    batch = Batch(rng.integers(0, 4, (50, 3, 4)), rng.integers(0, 2, (50, 2)).astype(bool), NAMES)
    query = interchange(WORLD, NAMES, "o")
    kinds: tuple[EngineName, ...] = ("fused", "hooks", "pyvene")
    found = [opened(kind, network, grounding, NAMES, maps).logits(query, batch) for kind in kinds]
    torch.testing.assert_close(found[0], found[1], atol=1e-5, rtol=0)
    torch.testing.assert_close(found[0], found[2], atol=1e-5, rtol=0)
    assert (found[0] - network(torch.from_numpy(batch.inputs[:, 0]))).abs().max() > 0.01


def test_dims_become_ranges() -> None:
    assert column_ranges((0, 3)) == [[0, 1], [3, 4]]
    assert column_ranges((0, 1, 2, 7, 8)) == [[0, 3], [7, 9]]
    assert column_ranges((4,)) == [[4, 5]]


def test_equal_inputs_are_run_once_whatever_pads_them(network: Mlp) -> None:
    generator = np.random.default_rng(0)
    tokens = torch.from_numpy(generator.integers(0, 7, (100, 3)))
    seen: list[int] = []
    advance = network.advance

    def counted(state: Tensor, tokens: Tensor, first: int, stop: int) -> Tensor:
        seen.append(len(state))
        return advance(state, tokens, first, stop)

    network.advance = counted  # type: ignore[method-assign]
    captures = Captures(network, torch.device("cpu"))
    for rows in (tokens.repeat(4, 1), tokens[:5], tokens[50:]):
        expected = advance(network.start(rows), rows, 0, 2)
        torch.testing.assert_close(captures.state(rows, 2), expected, atol=1e-6, rtol=0)
    assert seen == [len(set(map(tuple, tokens.tolist())))]
    expected = advance(network.start(tokens), tokens, 0, 3)
    torch.testing.assert_close(captures.state(tokens, 3), expected, atol=1e-6, rtol=0)


def test_a_run_goes_on_from_what_any_site_is_given(network: Mlp) -> None:
    tokens = torch.tensor([[0, 3, 1], [4, 4, 2], [6, 5, 6]])
    reads = torch.zeros(3, 1, dtype=torch.int64)
    for stage in range(4):
        state = read_site(network, tokens, "hidden", stage, reads)
        assert torch.equal(network.finish(state, tokens, stage, reads), network(tokens))
    assert torch.equal(read_site(network, tokens, "logits", None, reads), network(tokens))


@pytest.mark.parametrize("room", [0, 20_000, 2_000_000])
def test_captures_that_do_not_fit_into_memory_are_the_same_from_files(network: Mlp, room: int) -> None:
    generator = np.random.default_rng(1)
    captures = Captures(network, torch.device("cpu"), CaptureRoom(room))
    for _ in range(8):
        tokens = torch.from_numpy(generator.integers(0, 7, (90, 3)))
        for stage in (1, 3):
            state = network.advance(network.start(tokens), tokens, 0, stage)
            torch.testing.assert_close(captures.state(tokens, stage), state, atol=1e-6, rtol=0)
        assert captures.size <= room
    assert (captures.size > 0) == (room > 0)
    captures.forget()
    assert captures.size == 0
    torch.testing.assert_close(captures.state(tokens, 3), state, atol=1e-6, rtol=0)


@pytest.mark.parametrize("room", [0, 3_000, 10_000, 10**9])
def test_what_is_kept_in_parts_comes_back_in_the_order_asked_for(room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, size in (("IN_MEMORY", 1_000), ("RESERVED", 2_500), ("IN_FILE", 2_000)):
        monkeypatch.setattr(parts, name, size)
    generator, expected = torch.Generator().manual_seed(0), dict[int, Tensor]()
    kept = Kept(lambda wanted: kept.size + wanted <= room, 2**62)
    for round, tokens in enumerate((3, 5, 2, 5, 4, 1)):
        numbers = 17 * round + np.random.default_rng(round).permutation(17)
        rows = torch.rand(17, tokens + 1, 8, generator=generator)
        kept.add(numbers, rows, tokens)
        expected |= dict(zip(numbers.tolist(), rows, strict=True))
    assert kept.size <= room
    assert len({part.in_file for part in kept.parts}) == (1 if room in (0, 10**9) else 2)
    asked = np.random.default_rng(9).integers(0, 17 * 6, 500)
    for first in (0, 2):
        found = kept.take(kept.find(asked, torch.device("cpu")), 5, torch.device("cpu"), first)
        assert found.shape == (500, 6 - first, 8)
        for number, row in zip(asked.tolist(), found, strict=True):
            whole = torch.zeros(6, 8)
            whole[: len(expected[number])] = expected[number]
            assert torch.equal(row, whole[first:])


def test_networks_share_one_room_and_the_one_that_grew_longest_ago_gives_way(network: Mlp) -> None:
    tokens = torch.tensor([[0, 3, 1], [4, 4, 2], [6, 5, 6], [0, 0, 1]])
    stages = (1, 2, 3)
    expected = [network.advance(network.start(tokens), tokens, 0, stage) for stage in stages]
    room = CaptureRoom(2 * sum(state.nbytes for state in expected))
    several = [Captures(network, torch.device("cpu"), room) for _ in range(3)]
    for index, holding in ((0, [0]), (1, [0, 1]), (2, [1, 2]), (0, [0, 2]), (2, [0, 2]), (1, [0, 1])):
        for stage, state in zip(stages, expected, strict=True):
            torch.testing.assert_close(several[index].state(tokens, stage), state, atol=1e-6, rtol=0)
        assert [place for place, captures in enumerate(several) if captures.size] == holding
        assert sum(captures.size for captures in several) == room.size * len(holding) // 2


def test_captures_that_no_disk_holds_are_the_environments_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    kept, before = Kept(lambda wanted: False, 2**62), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, before[1]))
    try:
        with pytest.raises(EnvironmentProblem, match="no room in") as raised:
            kept.add(np.arange(4), torch.zeros(4, 2, 500), 2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert raised.value.code == "CS520"
    assert list(tmp_path.iterdir()) == []
    kept.add(np.arange(4), torch.ones(4, 2, 500), 2)
    assert kept.size == 0
    assert list(tmp_path.iterdir()) == []
    assert torch.equal(kept.take(torch.tensor([2]), 2, torch.device("cpu")), torch.ones(1, 2, 500))
