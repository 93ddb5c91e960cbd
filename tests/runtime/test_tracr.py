"""Compiled transformers: against the compiler's own activations, and against what is known of their variables."""

import json
import math
import runpy
import sys
from collections.abc import Callable, Sequence
from functools import cache
from itertools import accumulate, permutations, product
from pathlib import Path
from typing import Any

import cspec
import numpy as np
import pytest
import torch
from cspec.compiler.experiments import NetworkFile
from cspec.compiler.network_facts import TracrFacts, read_network_facts
from cspec.compiler.plan import NetworkSource
from cspec.runtime.networks import PlainNetwork, Tracr, load_network, redraw
from cspec.runtime.networks.protocol import read_site
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import load_file, save_file
from torch import Tensor

Array = NDArray[np.float64]

FOLDER = Path(cspec.__file__).parent / "specs" / "tracr"
TRUTH: dict[str, Any] = json.loads((FOLDER / "truth.json").read_text(encoding="utf-8"))
ALL = sorted(path.stem for path in (FOLDER / "compiled").glob("*.npz"))
BASES = ("", "-rotated")


@cache
def compiled(name: str) -> dict[str, Any]:
    """A compiled program's arrays; texts are decoded."""
    with np.load(FOLDER / "compiled" / f"{name}.npz") as file:
        arrays = {key: file[key] for key in file.files}
    return {key: a if a.ndim or a.dtype.kind != "U" else json.loads(str(a)) for key, a in arrays.items()}


SWAPPED = [(name, variable) for name in TRUTH for variable in dict.fromkeys(c["var"] for c in compiled(name)["cf"])]
PROGRAMS: dict[str, Callable[[Sequence[Any]], list[Any]]] = {
    "hist": lambda x: [x.count(token) for token in x],
    "length": lambda x: [len(x)] * len(x),
    "reverse": lambda x: list(x[::-1]),
    "shuffle_dyck": lambda x: [balanced(x)] * len(x),
    "sort_unique": sorted,
}


def balanced(brackets: Sequence[str]) -> bool:
    depths = list(accumulate(1 if bracket == "(" else -1 for bracket in brackets))
    return min(depths) >= 0 and depths[-1] == 0


def load(path: Path) -> PlainNetwork:
    return load_network(NetworkSource("key", NetworkFile("net", path, read_network_facts(path))))


def original(name: str, folder: Path) -> PlainNetwork:
    """The network as compiled, its vocabulary in the compiler's order, through a checkpoint."""
    data, meta = compiled(name), compiled(name)["meta"]
    weights = {k: a for k, a in data.items() if k.startswith("L") or k.endswith("embed")}
    config = {
        "architecture": "tracr",
        "vocab": len(data["token_embed"]),
        "bos": data["vocab"]["compiler_bos"],
        "positions": len(data["pos_embed"]),
        "width": meta["d_model"],
        "layers": meta["n_layers"],
        "heads": meta["n_heads"],
        "key": meta["key_size"],
        "mlp": meta["d_mlp"],
        "classes": data["unembed"].shape[1],
    }
    save_file(weights, folder / "net.safetensors", metadata={"cspec.config": json.dumps(config)})
    return load(folder / "net.safetensors")


@pytest.mark.parametrize("name", ALL)
def test_every_stage_and_the_output_are_the_compilers_own(name: str, tmp_path: Path) -> None:
    data, network = compiled(name), original(name, tmp_path)
    categorical = data["meta"]["categorical_output"]
    assert len(data["test_tokens"]) == 64
    for tokens, length, resid, out in zip(
        data["test_tokens"], data["test_len"], data["test_resid"], data["test_out"], strict=True
    ):
        ids = torch.from_numpy(tokens[1:length])[None]
        for stage, expected in enumerate(resid[:, :length]):
            found = read_site(network, ids, "resid", stage, 0 * ids)
            assert found.shape == (1, length, data["meta"]["d_model"])
            np.testing.assert_allclose(found[0].numpy(), expected, atol=1e-5, rtol=0)
        logits = network(ids)
        assert torch.equal(read_site(network, ids, "logits", None, 0 * ids), logits)
        found = logits.argmax(-1) if categorical else logits[..., 0]
        np.testing.assert_allclose(found[0, 1:].numpy(), out[1:length], atol=1e-5, rtol=0)


@pytest.mark.parametrize("basis", BASES)
@pytest.mark.parametrize("name", TRUTH)
def test_the_checkpoints_answer_as_the_compiler_does_in_the_new_vocabulary(name: str, basis: str) -> None:
    data, network = compiled(name), load(FOLDER / f"{name}{basis}.safetensors")
    natural = load(FOLDER / f"{name}.safetensors")
    names = {index: token for token, index in data["vocab"].items()}
    ids = {str(token): index for index, token in enumerate(TRUTH[name]["tokens"])}
    for tokens, length, out in zip(data["test_tokens"], data["test_len"], data["test_out"], strict=True):
        own = torch.tensor([[ids[names[token]] for token in tokens[1:length]]])
        logits = network(own)
        assert logits[0, 1:].argmax(-1).tolist() == out[1:length].tolist()
        torch.testing.assert_close(logits, natural(own), atol=1e-4, rtol=0)


@pytest.mark.parametrize("basis", BASES)
@pytest.mark.parametrize("name", TRUTH)
def test_every_input_is_answered_as_the_program_is_defined(name: str, basis: str) -> None:
    network, truth = load(FOLDER / f"{name}{basis}.safetensors"), TRUTH[name]
    tokens, classes = truth["tokens"], truth["classes"]
    for length in range(1, truth["most_tokens"] + 1):
        inputs = list(permutations(tokens, length) if name == "sort_unique" else product(tokens, repeat=length))
        ids = torch.tensor([[tokens.index(token) for token in row] for row in inputs])
        wanted = [[classes.index(value) for value in PROGRAMS[name](row)] for row in inputs]
        top = network(ids)[:, 1:].topk(2)
        assert top.indices[..., 0].tolist() == wanted
        assert float((top.values[..., 0] - top.values[..., 1]).min()) > 0.99


def block(name: str, variable: str, basis: str) -> Tensor:
    """The subspace of a variable, shape [width, dim], orthonormal columns."""
    dims = TRUTH[name]["variables"][variable]["dims"]
    rotation = torch.from_numpy(load_file(FOLDER / "rotations.safetensors")[name])
    return (rotation if basis else torch.eye(len(rotation)))[dims].T


def interchange(network: PlainNetwork, base: Tensor, source: Tensor, stage: int, block: Tensor) -> Tensor:
    """The answer at every token, [item, token], with the block at one stage, at all tokens, taken from the source."""
    x, new = network.start(base), network.start(source)
    for index in range(1, len(network.sites)):
        if index - 1 == stage:
            x = x + exchanged(new - x, block)
        x, new = network.step(index, x), network.step(index, new)
    if stage == len(network.sites) - 1:
        x = x + exchanged(new - x, block)
    return network.answer(x)[:, 1:].argmax(-1)


def exchanged(difference: Tensor, block: Tensor) -> Tensor:
    """The part of a difference in a block, at the tokens alone."""
    inside = difference @ block @ block.T
    inside[:, 0] = 0
    return inside


def cases(name: str, variable: str) -> list[tuple[Tensor, Tensor, Tensor, Tensor]]:
    """Base, source, base's answers and the program's counterfactual answers, for inputs of each length together."""
    truth = TRUTH[name]
    ids = {token: index for index, token in enumerate(truth["tokens"])}
    classes = {value: index for index, value in enumerate(truth["classes"])}
    found: dict[int, list[list[list[int]]]] = {}
    for case in compiled(name)["cf"]:
        if case["var"] == variable:
            row = [[ids[t] for t in case[k]] for k in ("base", "source")]
            row += [[classes[v] for v in case[k]] for k in ("base_out", "expected")]
            found.setdefault(len(case["base"]), []).append(row)
    return [tuple(torch.tensor(rows).unbind(1)) for rows in found.values()]  # type: ignore[misc]


@pytest.mark.parametrize("basis", BASES)
@pytest.mark.parametrize(("name", "variable"), SWAPPED)
def test_interchanging_the_true_block_does_what_the_program_says(name: str, variable: str, basis: str) -> None:
    """All counterfactuals wherever the interchange is full; after the last reader the base's answers."""
    network = load(FOLDER / f"{name}{basis}.safetensors")
    known, groups = TRUTH[name]["variables"][variable], cases(name, variable)
    assert sum(len(base) for base, *_ in groups) == 64
    subspace = block(name, variable, basis)
    for stage in range(*known["full"]):
        for base, source, _, expected in groups:
            assert torch.equal(interchange(network, base, source, stage, subspace), expected), stage
    after = range(known["partial"][1], TRUTH[name]["last_stage"] + 1)
    assert len(after) > 0
    for stage in after:
        for base, source, unchanged, _ in groups:
            assert torch.equal(interchange(network, base, source, stage, subspace), unchanged), stage


def test_some_counterfactuals_of_every_program_change_the_answer() -> None:
    """Else the test above could not tell a full interchange from none; all lengths being equal, `length` has none."""
    for name, truth in TRUTH.items():
        changed = [
            not torch.equal(unchanged, expected)
            for v in truth["variables"]
            for _, _, unchanged, expected in cases(name, v)
        ]
        assert any(changed) == (name != "length")


def test_the_committed_files_are_what_the_script_makes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["export.py", "--out", str(tmp_path)])
    runpy.run_path(str(FOLDER / "export.py"), run_name="__main__")
    made = sorted(path.name for path in tmp_path.iterdir())
    assert made == sorted(p.name for p in FOLDER.iterdir() if p.suffix in (".safetensors", ".json"))
    assert (tmp_path / "truth.json").read_text(encoding="utf-8") == (FOLDER / "truth.json").read_text(encoding="utf-8")
    for path in tmp_path.glob("*.safetensors"):
        new, old = load_file(path), load_file(FOLDER / path.name)
        assert new.keys() == old.keys()
        for key, array in new.items():  # other linear algebra libraries round otherwise
            np.testing.assert_allclose(array, old[key], atol=1e-4, rtol=1e-5)
        with safe_open(path, "numpy") as one, safe_open(FOLDER / path.name, "numpy") as two:
            assert one.metadata() == two.metadata()


# --- any weights -----------------------------------------------------------------------------------------------------


def facts_of(causal: bool = False, frozen: tuple[str, ...] = ()) -> TracrFacts:
    return TracrFacts(
        vocabulary=7, bos=5, context=6, stream=10, blocks=2, heads=3, key=4, mlp=9, classes=3, causal=causal,
        frozen=frozen,
    )  # fmt: skip


def draw_weights(facts: TracrFacts) -> dict[str, NDArray[np.float32]]:
    rng = np.random.default_rng(0)
    return {n: (rng.standard_normal(shape) / 3).astype(np.float32) for n, shape in facts.shapes().items()}


def numpy_logits(facts: TracrFacts, weights: dict[str, NDArray[np.float32]], tokens: NDArray[np.int64]) -> Array:
    """Logits [position, class] of one input, written out in float64: one head and one reader at a time."""
    w = {name: weight.astype(np.float64) for name, weight in weights.items()}
    ids = [facts.bos, *tokens]
    x = w["token_embed"][ids] + w["pos_embed"][: len(ids)]
    for layer in range(facts.blocks):
        q, k, v = (x @ w[f"L{layer}.attn.{n}.w"] + w[f"L{layer}.attn.{n}.b"] for n in "qkv")
        mixed = np.zeros_like(q)
        for head in range(facts.heads):
            here = slice(head * facts.key, (head + 1) * facts.key)
            for reader in range(len(ids)):
                seen = reader + 1 if facts.causal else len(ids)
                weight = np.exp(k[:seen, here] @ q[reader, here] / math.sqrt(facts.key))
                mixed[reader, here] = weight @ v[:seen, here] / weight.sum()
        x = x + mixed @ w[f"L{layer}.attn.o.w"] + w[f"L{layer}.attn.o.b"]
        inner = np.maximum(x @ w[f"L{layer}.mlp.in.w"] + w[f"L{layer}.mlp.in.b"], 0)
        x = x + inner @ w[f"L{layer}.mlp.out.w"] + w[f"L{layer}.mlp.out.b"]
    logits: Array = x @ w["unembed"]
    return logits


@pytest.mark.parametrize("causal", [False, True])
def test_several_heads_and_causal_attention_equal_numpy(causal: bool) -> None:
    facts = facts_of(causal)
    weights = draw_weights(facts)
    network = Tracr(facts)
    network.load_state_dict({name: torch.from_numpy(weight) for name, weight in weights.items()})
    for length in range(1, facts.context):
        tokens = np.random.default_rng(length).integers(0, 5, (4, length))
        found = network(torch.from_numpy(tokens))
        expected = np.stack([numpy_logits(facts, weights, row) for row in tokens])
        assert found.shape == (4, length + 1, 3)
        np.testing.assert_allclose(found.detach().numpy(), expected, atol=1e-5, rtol=0)


def test_every_site_is_read_and_written_through_its_module() -> None:
    facts = facts_of()
    network = Tracr(facts)
    network.load_state_dict({name: torch.from_numpy(weight) for name, weight in draw_weights(facts).items()})
    tokens = torch.tensor([[0, 3, 1], [4, 4, 2]])
    sites: list[tuple[str, int | None]] = [("resid", stage) for stage in range(facts.last_layer + 1)]
    for component, layer in [*sites, ("logits", None)]:
        module = network.site_module(component, layer)
        seen: list[Tensor] = []
        handle = module.register_forward_hook(lambda m, arguments, output, seen=seen: seen.append(output) or output * 0)
        changed = network(tokens)
        handle.remove()
        assert torch.equal(seen[0], read_site(network, tokens, component, layer, 0 * tokens))
        assert seen[0].shape == (2, 4, facts.width(component, layer))
        assert not torch.equal(changed, network(tokens))
    for component, layer in (("hidden", 0), ("resid", 5), ("resid", -1), ("resid", None), ("logits", 0)):
        assert facts.width(component, layer) is None
        with pytest.raises(ValueError, match=component):
            network.site_module(component, layer)


def test_what_a_network_holds_is_what_its_facts_say() -> None:
    facts = facts_of()
    assert {name: tuple(t.shape) for name, t in Tracr(facts).state_dict().items()} == facts.shapes()


def test_redrawn_weights_follow_their_law_and_frozen_ones_are_copied() -> None:
    facts = TracrFacts(
        vocabulary=300, bos=0, context=300, stream=200, blocks=1, heads=4, key=100, mlp=300, classes=250,
        frozen=("pos_embed",),
    )  # fmt: skip
    old = {name: torch.full(shape, 7.0) for name, shape in facts.shapes().items()}
    drawn, again, other = redraw(facts, old, 3), redraw(facts, old, 3), redraw(facts, old, 4)
    inputs = {"token_embed": 1, "L0.attn.o.w": 400, "L0.mlp.out.w": 300}
    for name, tensor in drawn.items():
        assert torch.equal(tensor, again[name])
        if name == "pos_embed":
            assert torch.equal(tensor, old[name])
        elif name.endswith(".b"):
            assert not tensor.any()
        else:
            assert not torch.equal(tensor, other[name])
            spread = inputs.get(name, 200) ** -0.5
            # mean 0 within six standard errors, and as many beyond two deviations as a normal has
            assert abs(float(tensor.mean())) < 6 * spread / tensor.numel() ** 0.5
            assert float(tensor.std()) == pytest.approx(spread, rel=0.03)
            assert float((tensor.abs() > 2 * spread).float().mean()) == pytest.approx(0.0455, abs=0.005)
    free = redraw(facts_of(), {n: torch.zeros(s) for n, s in facts_of().shapes().items()}, 1)
    some = facts_of(frozen=("token_embed", "L0.attn.q.w"))
    held = redraw(some, {n: torch.zeros(s) for n, s in some.shapes().items()}, 1)
    assert all(torch.equal(free[n], held[n]) for n in free if n not in some.frozen)
