"""Plain networks: the forward pass against numpy, loading, and redrawing by the initialisation law."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from cspec.compiler.experiments import NetworkFile
from cspec.compiler.network_facts import MlpFacts, read_network_facts
from cspec.compiler.plan import NetworkSource
from cspec.runtime.errors import EnvironmentProblem
from cspec.runtime.networks import Mlp, load_network, redraw
from cspec.runtime.networks.protocol import read_site
from numpy.typing import NDArray
from safetensors.numpy import save_file
from scipy.special import erf

Array = NDArray[np.float64]

ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "relu": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "gelu": lambda x: x * (1 + erf(x / np.sqrt(2))) / 2,
    "identity": lambda x: x,
}


def facts_of(activation: str = "relu", frozen: tuple[str, ...] = ()) -> MlpFacts:
    return MlpFacts(
        inputs=3, vocabulary=5, embed=2, hidden=(7, 4), classes=3, activation=activation, frozen=frozen
    )  # fmt: skip


def draw_weights(facts: MlpFacts, seed: int = 0) -> dict[str, NDArray[np.float32]]:
    rng = np.random.default_rng(seed)
    return {name: rng.standard_normal(shape).astype(np.float32) for name, shape in facts.shapes().items()}


def numpy_states(facts: MlpFacts, weights: dict[str, NDArray[np.float32]], tokens: NDArray[np.int64]) -> list[Array]:
    """`hidden[0]`, `hidden[1]`, ... and last the logits, in float64."""
    states = [weights["embed.weight"][tokens].reshape(len(tokens), -1).astype(np.float64)]
    for i in range(len(facts.hidden)):
        linear = states[-1] @ weights[f"layers.{i}.weight"].T + weights[f"layers.{i}.bias"]
        states.append(ACTIVATIONS[facts.activation](linear))
    return [*states, states[-1] @ weights["head.weight"].T + weights["head.bias"]]


def saved(
    folder: Path,
    facts: MlpFacts,
    weights: Mapping[str, NDArray[np.floating[Any]]],
    draw: int | None = None,
    seed: int = 0,
) -> NetworkSource:
    """A checkpoint on disk, as a plan names it."""
    config = {
        "architecture": "mlp",
        "vocab": facts.vocabulary,
        "inputs": facts.inputs,
        "embed": facts.embed,
        "hidden": facts.hidden,
        "classes": facts.classes,
        "activation": facts.activation,
        "frozen": facts.frozen,
    }
    path = folder / "net.safetensors"
    save_file(dict(weights), path, metadata={"cspec.config": json.dumps(config)})
    assert read_network_facts(path) == facts
    return NetworkSource("key", NetworkFile("net", path, facts), draw, seed)


READS = torch.zeros(20, 1, dtype=torch.int64)
TOKENS = np.random.default_rng(9).integers(0, 5, (20, 3))


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_forward_and_every_state_equal_numpy(tmp_path: Path, activation: str) -> None:
    facts = facts_of(activation)
    weights = draw_weights(facts)
    network = load_network(saved(tmp_path, facts, weights))
    tokens = torch.from_numpy(TOKENS)
    states = numpy_states(facts, weights, TOKENS)
    np.testing.assert_allclose(network(tokens)[:, 0].numpy(), states[-1], atol=1e-5)
    np.testing.assert_allclose(read_site(network, tokens, "logits", None, READS)[:, 0].numpy(), states[-1], atol=1e-5)
    for layer, state in enumerate(states[:-1]):
        found = read_site(network, tokens, "hidden", layer, READS).numpy()
        assert found.shape == (20, 1, facts.width("hidden", layer))
        np.testing.assert_allclose(found[:, 0], state, atol=1e-5)


def test_reading_a_state_leaves_no_trace(tmp_path: Path) -> None:
    facts = facts_of()
    network = load_network(saved(tmp_path, facts, draw_weights(facts)))
    tokens = torch.from_numpy(TOKENS)
    before = network(tokens)
    state = read_site(network, tokens, "hidden", 1, READS)
    state += 1e6
    assert torch.equal(network(tokens), before)
    assert all(not module._forward_hooks for module in network.modules())
    with pytest.raises(IndexError):
        read_site(network, tokens + 100, "hidden", 1, READS)
    assert all(not module._forward_hooks for module in network.modules())


def test_a_loaded_network_is_frozen_and_in_float32(tmp_path: Path) -> None:
    facts = facts_of()
    weights = {name: value.astype(np.float16) for name, value in draw_weights(facts).items()}
    network = load_network(saved(tmp_path, facts, weights))
    assert not network.training
    assert all(not p.requires_grad and p.dtype == torch.float32 for p in network.parameters())
    np.testing.assert_array_equal(
        network.state_dict()["embed.weight"].numpy(), weights["embed.weight"].astype(np.float32)
    )


@pytest.mark.parametrize("broken", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite_are_refused_by_name(tmp_path: Path, broken: float) -> None:
    facts = facts_of()
    weights = draw_weights(facts)
    weights["layers.1.weight"][2, 3] = broken
    with pytest.raises(EnvironmentProblem, match=r"`net`.*`layers\.1\.weight`") as raised:
        load_network(saved(tmp_path, facts, weights))
    assert raised.value.code == "CS507"


def test_a_file_that_has_vanished_or_is_broken_is_the_environments_fault(tmp_path: Path) -> None:
    facts = facts_of()
    source = saved(tmp_path, facts, draw_weights(facts))
    source.file.path.write_bytes(source.file.path.read_bytes()[:-8])
    with pytest.raises(EnvironmentProblem, match="net"):
        load_network(source)
    source.file.path.unlink()
    with pytest.raises(EnvironmentProblem, match="net"):
        load_network(source)


def test_redrawn_weights_are_uniform_within_the_bounds_of_their_law() -> None:
    facts = MlpFacts(inputs=2, vocabulary=200, embed=50, hidden=(400, 25), classes=2)
    weights = {name: torch.zeros(shape) for name, shape in facts.shapes().items()}
    drawn = redraw(facts, weights, seed=3)
    assert {name: tuple(tensor.shape) for name, tensor in drawn.items()} == facts.shapes()
    bounds = {"embed.weight": 1.0, "layers.0": 100**-0.5, "layers.1": 400**-0.5, "head": 25**-0.5}
    for name, tensor in drawn.items():
        bound = bounds[name] if name in bounds else bounds[name.rsplit(".", 1)[0]]
        assert float(tensor.abs().max()) <= bound
        if tensor.numel() >= 10_000:
            # uniform on -b..b: mean 0, variance b^2 / 3, largest near b; six standard errors
            assert abs(float(tensor.mean())) < 6 * bound / (3 * tensor.numel()) ** 0.5
            assert float(tensor.var()) == pytest.approx(bound**2 / 3, rel=0.05)
            assert float(tensor.abs().max()) > 0.99 * bound


def test_frozen_tensors_are_copied_and_the_rest_depends_on_the_seed_alone() -> None:
    facts = facts_of(frozen=("embed.weight", "head.bias"))
    weights = {name: torch.from_numpy(value) for name, value in draw_weights(facts).items()}
    one, again, other = redraw(facts, weights, 1), redraw(facts, weights, 1), redraw(facts, weights, 2)
    for name in facts.shapes():
        assert torch.equal(one[name], again[name])
        assert torch.equal(one[name], weights[name]) == (name in facts.frozen)
        assert torch.equal(one[name], other[name]) == (name in facts.frozen)
    unlike = {name: torch.zeros_like(value) for name, value in weights.items()}
    assert torch.equal(redraw(facts, unlike, 1)["layers.0.weight"], one["layers.0.weight"])


def test_freezing_one_tensor_moves_no_other() -> None:
    weights = {name: torch.from_numpy(value) for name, value in draw_weights(facts_of()).items()}
    free, frozen = redraw(facts_of(), weights, 1), redraw(facts_of(frozen=("embed.weight",)), weights, 1)
    assert all(torch.equal(free[name], frozen[name]) for name in free if name != "embed.weight")


def test_a_drawn_network_is_not_the_file_s(tmp_path: Path) -> None:
    facts = facts_of(frozen=("embed.weight",))
    weights = draw_weights(facts)
    drawn = load_network(saved(tmp_path, facts, weights, draw=0, seed=5))
    expected = redraw(facts, {name: torch.from_numpy(value) for name, value in weights.items()}, 5)
    assert all(torch.equal(tensor, expected[name]) for name, tensor in drawn.state_dict().items())
    np.testing.assert_array_equal(drawn.state_dict()["embed.weight"].numpy(), weights["embed.weight"])


def test_a_network_that_reads_numbers_equals_numpy_and_is_redrawn_by_the_same_law() -> None:
    facts = MlpFacts(inputs=3, vocabulary=0, embed=1, hidden=(7, 4), classes=3)
    weights = draw_weights(facts)
    network = Mlp(facts)
    network.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
    numbers = np.random.default_rng(3).integers(-9, 9, (20, 3))
    state = numbers.astype(np.float64)
    for i in range(2):
        state = np.maximum(state @ weights[f"layers.{i}.weight"].T + weights[f"layers.{i}.bias"], 0)
    state = state @ weights["head.weight"].T + weights["head.bias"]
    with torch.no_grad():
        np.testing.assert_allclose(network(torch.from_numpy(numbers))[:, 0].numpy(), state, atol=1e-4)
    drawn = redraw(facts, {name: torch.from_numpy(value) for name, value in weights.items()}, 4)
    assert {name: tuple(tensor.shape) for name, tensor in drawn.items()} == facts.shapes()
    assert 3**-0.5 * 0.8 < float(drawn["layers.0.weight"].abs().max()) <= 3**-0.5


def test_what_a_network_holds_is_what_its_facts_say() -> None:
    facts = facts_of()
    assert {name: tuple(t.shape) for name, t in Mlp(facts).state_dict().items()} == facts.shapes()
