"""The reference engine against closed formulas written out by hand."""

import numpy as np
import pytest
import torch
from cspec.compiler.experiments import Block, Frame, Grounding
from cspec.compiler.interpret_terms import Batch
from cspec.compiler.network_facts import MlpFacts
from cspec.compiler.terms import Assignment, NetworkWorld, OutputOf, Run, ValueOf, interchange, plain
from cspec.lang.program import IDENTITY, Family
from cspec.runtime.errors import EngineRefusal
from cspec.runtime.networks import Mlp
from cspec.runtime.pyvene_engine import PyveneEngine, _ranges
from torch import Tensor

FACTS = MlpFacts(inputs=3, vocabulary=7, embed=4, hidden=(12, 10, 9), classes=3)
WORLD = NetworkWorld("net", "a")
NAMES = ("a", "b")
ROTATION = Grounding((Frame("hidden", 1, tuple(range(12)), 12, Family("rotation"), (Block(0, 0, 3), Block(1, 3, 5))),))


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


def test_a_plain_run_is_the_networks_own(network: Mlp, batch: Batch) -> None:
    engine = PyveneEngine(network, ROTATION, NAMES)
    tokens = torch.from_numpy(batch.inputs)
    assert torch.equal(engine.logits(plain(WORLD, "o", 2), batch), network(tokens[:, 2]))


def test_blocks_of_one_rotation_equal_the_closed_formula(network: Mlp, batch: Batch) -> None:
    engine = PyveneEngine(network, ROTATION, NAMES)
    q = frame(12, 5)
    engine.set_frames((q,))
    found = engine.logits(interchange(WORLD, NAMES, "o"), batch)
    blocks = [q[:, :3] @ q[:, :3].T, q[:, 3:] @ q[:, 3:].T]
    torch.testing.assert_close(found, swapped(network, batch, 1, blocks), atol=2e-6, rtol=0)
    assert (found - engine.logits(plain(WORLD, "o"), batch)).abs().max() > 0.01


@pytest.mark.parametrize("dims", [((0, 3), (5, 6, 7)), ((2,), (0, 1)), ((0, 1, 2, 3), (8, 11))])
def test_identity_on_dims_exchanges_exactly_these(
    network: Mlp, batch: Batch, dims: tuple[tuple[int, ...], tuple[int, ...]]
) -> None:
    frames = tuple(
        Frame("hidden", 1, own, 12, IDENTITY, (Block(index, 0, len(own)),)) for index, own in enumerate(dims)
    )
    found = PyveneEngine(network, Grounding(frames), NAMES).logits(interchange(WORLD, NAMES, "o"), batch)
    projections = [torch.diag(torch.tensor([float(i in own) for i in range(12)])) for own in dims]
    torch.testing.assert_close(found, swapped(network, batch, 1, projections), atol=2e-6, rtol=0)


def test_rotation_within_dims_beside_another_frame_at_the_same_site(network: Mlp, batch: Batch) -> None:
    dims = (1, 2, 4, 5, 6, 9)
    frames = (
        Frame("hidden", 1, dims, 12, Family("rotation"), (Block(0, 0, 2),)),
        Frame("hidden", 1, (0, 3), 12, IDENTITY, (Block(1, 0, 2),)),
    )
    engine = PyveneEngine(network, Grounding(frames), NAMES)
    q = frame(6, 2)
    engine.set_frames((q, None))
    wide = torch.zeros(12, 2)
    wide[list(dims)] = q
    projections = [wide @ wide.T, torch.diag(torch.tensor([float(i in (0, 3)) for i in range(12)]))]
    found = engine.logits(interchange(WORLD, NAMES, "o"), batch)
    torch.testing.assert_close(found, swapped(network, batch, 1, projections), atol=2e-6, rtol=0)


def test_two_rotations_at_one_site_interleaved_do_not_undo_each_other(network: Mlp) -> None:
    rng = np.random.default_rng(7)
    names = ("a", "b", "c")
    members = rng.integers(0, 2, (30, 3)).astype(bool)
    batch = Batch(rng.integers(0, 7, (30, 4, 3)), members, names)
    left, right = tuple(range(6)), tuple(range(6, 12))
    frames = (
        Frame("hidden", 1, left, 12, Family("rotation"), (Block(0, 0, 2), Block(2, 2, 4))),
        Frame("hidden", 1, right, 12, Family("rotation"), (Block(1, 0, 3),)),
    )
    engine = PyveneEngine(network, Grounding(frames), names)
    p, q = frame(6, 4), frame(6, 3)
    engine.set_frames((p, q))
    wide = [torch.zeros(12, 2), torch.zeros(12, 3), torch.zeros(12, 2)]
    wide[0][:6], wide[2][:6], wide[1][6:] = p[:, :2], p[:, 2:], q
    found = engine.logits(interchange(WORLD, names, "o"), batch)
    expected = swapped(network, batch, 1, [w @ w.T for w in wide])
    torch.testing.assert_close(found, expected, atol=2e-6, rtol=0)


def test_variables_at_two_layers_are_patched_in_one_run(network: Mlp, batch: Batch) -> None:
    frames = (
        Frame("hidden", 1, tuple(range(12)), 12, Family("rotation"), (Block(0, 0, 3),)),
        Frame("hidden", 2, tuple(range(4)), 10, IDENTITY, (Block(1, 0, 4),)),
    )
    engine = PyveneEngine(network, Grounding(frames), NAMES)
    q = frame(12, 3)
    engine.set_frames((q, None))
    tokens = torch.from_numpy(batch.inputs)
    base = hidden(network, tokens[:, 0], 1)
    first = torch.from_numpy(batch.members[:, 0])[:, None]
    second = torch.from_numpy(batch.members[:, 1])[:, None]
    x = base + (hidden(network, tokens[:, 1], 1) - base) @ q @ q.T * first
    x = torch.relu(network.layers[1](x))
    x[:, :4] = torch.where(second, hidden(network, tokens[:, 2], 2)[:, :4], x[:, :4])
    found = engine.logits(interchange(WORLD, NAMES, "o"), batch)
    torch.testing.assert_close(found, finish(network, x, 2), atol=2e-6, rtol=0)


def test_variables_outside_the_set_change_nothing_at_all(network: Mlp, batch: Batch) -> None:
    engine = PyveneEngine(network, ROTATION, NAMES)
    nobody = Batch(batch.inputs, np.zeros_like(batch.members), NAMES)
    found = engine.logits(interchange(WORLD, NAMES, "o"), nobody)
    torch.testing.assert_close(found, network(torch.from_numpy(batch.inputs[:, 0])), atol=1e-6, rtol=0)


def test_every_site_of_the_network_can_be_exchanged_whole(network: Mlp, batch: Batch) -> None:
    one = Batch(batch.inputs, np.ones((40, 1), dtype=bool), ("a",))
    tokens = torch.from_numpy(batch.inputs)
    for component, layer, width in (("hidden", 0, 12), ("hidden", 3, 9), ("logits", None, 3)):
        grounding = Grounding((Frame(component, layer, tuple(range(width)), width, IDENTITY, (Block(0, 0, width),)),))
        found = PyveneEngine(network, grounding, ("a",)).logits(interchange(WORLD, ("a",), "o"), one)
        assert torch.equal(found, network(tokens[:, 1])), component


def test_gradients_equal_those_of_the_closed_formula(network: Mlp, batch: Batch) -> None:
    engine = PyveneEngine(network, ROTATION, NAMES)
    parameters = list(engine.trainable_frames(11))
    (q,) = (f for f in engine.frames() if f is not None)
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
    with torch.no_grad():
        parameters[0] -= 0.01 * found
    (moved,) = (f for f in engine.frames() if f is not None)
    # the chain rule through the parametrisation: <gradient there, step there> = <gradient at q, step of q>
    along_parameter = float((found * (-0.01 * found)).sum())
    along_frame = float((euclidean * (moved - q.detach())).sum())
    assert along_parameter < 0
    assert along_frame == pytest.approx(along_parameter, rel=0.02)
    torch.testing.assert_close(engine_loss().detach(), closed_loss(moved), atol=1e-6, rtol=0)


def test_frames_stay_orthonormal_while_they_are_trained(network: Mlp, batch: Batch) -> None:
    engine = PyveneEngine(network, ROTATION, NAMES)
    optimizer = torch.optim.Adam(engine.trainable_frames(2), lr=0.05)
    labels = torch.arange(40) % 3
    for _ in range(50):
        loss = torch.nn.functional.cross_entropy(engine.logits(interchange(WORLD, NAMES, "o"), batch)[:, 0], labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        (q,) = (f for f in engine.frames() if f is not None)
        torch.testing.assert_close(q.T @ q, torch.eye(5), atol=1e-5, rtol=0)


def test_terms_that_it_cannot_evaluate_are_refused_by_name(network: Mlp, batch: Batch) -> None:
    engine = PyveneEngine(network, ROTATION, NAMES)
    inner = Run(WORLD, 1, (Assignment("b", ValueOf("b", Run(WORLD, 2))),))
    nested = OutputOf("o", Run(WORLD, 0, (Assignment("a", ValueOf("a", inner)),)))
    with pytest.raises(EngineRefusal, match="`a`"):
        engine.logits(nested, batch)
    with pytest.raises(EngineRefusal, match="`z` is not aligned"):
        PyveneEngine(network, Grounding(()), ("z",)).logits(
            interchange(WORLD, ("z",), "o"), Batch(batch.inputs, batch.members[:, :1], ("z",))
        )


def test_dims_become_ranges() -> None:
    assert _ranges((0, 3)) == [[0, 1], [3, 4]]
    assert _ranges((0, 1, 2, 7, 8)) == [[0, 3], [7, 9]]
    assert _ranges((4,)) == [[4, 5]]
