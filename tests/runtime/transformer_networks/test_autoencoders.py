"""The autoencoder's map: its features, what it keeps, and an interchange beside plain hooks on a transformer."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from cspec.compiler.groundings import Autoencoder, Block, Frame, Grounding
from cspec.compiler.plan import EngineName
from cspec.compiler.terms import interchange, plain
from cspec.lang.places import Family
from cspec.runtime.errors import EngineRefusal, EnvironmentProblem
from cspec.runtime.maps.autoencoder import AutoencoderMap, read_autoencoder
from safetensors.torch import save_file
from torch import Tensor

from .plain_hooks import hooked
from .test_engines import NAMES, SLOT, WORLD, draw_batch, drawn_maps, open_named
from .tools import WIDTH, network_of

FEATURES = 40


@pytest.fixture
def file(tmp_path: Path) -> Autoencoder:
    generator = torch.Generator().manual_seed(2)
    shapes = {"W_enc": (WIDTH, FEATURES), "b_enc": (FEATURES,), "W_dec": (FEATURES, WIDTH), "b_dec": (WIDTH,)}
    save_file({n: torch.randn(s, generator=generator) for n, s in shapes.items()}, tmp_path / "f.safetensors")
    return Autoencoder(WIDTH, FEATURES, tmp_path / "f.safetensors")


def changed(file: Autoencoder, x: Tensor, source: Tensor, mask: Tensor) -> Tensor:
    """The decoder's vector of the changed features, and the error of the unchanged ones."""
    encoder, encoder_bias, decoder, decoder_bias = read_autoencoder(file.path, file.width, file.features)

    def encode(vector: Tensor) -> Tensor:
        return torch.relu((vector - decoder_bias) @ encoder + encoder_bias)

    error = x - (encode(x) @ decoder + decoder_bias)
    return torch.where(mask, encode(source), encode(x)) @ decoder + decoder_bias + error


def test_a_vector_is_rebuilt_bit_by_bit_and_piece_by_piece(file: Autoencoder) -> None:
    map = AutoencoderMap(2 * WIDTH, file)
    x, source = torch.randn(5, 1, 2 * WIDTH), torch.randn(5, 1, 2 * WIDTH)
    features, error = map.featurise(x)
    assert features.shape == (5, 1, 2 * FEATURES)
    assert torch.equal(map.inverse(features, error), x)
    found = map.inverse(map.featurise(source)[0], error).reshape(5, 2, WIDTH)
    pieces = x.reshape(5, 2, WIDTH), source.reshape(5, 2, WIDTH)
    torch.testing.assert_close(found, changed(file, *pieces, torch.ones(FEATURES, dtype=torch.bool)))


@pytest.mark.parametrize("learned", [False, True])
@pytest.mark.parametrize("name", ["gpt2", "gemma3"])
def test_engines_make_the_interchange_that_plain_hooks_make(file: Autoencoder, name: str, learned: bool) -> None:
    network, batch = network_of(name), draw_batch()
    blocks = (Block(0, 0, 0 if learned else 7), Block(1, 0 if learned else 7, 0 if learned else 9))
    frame = Frame(
        "resid_post", 1, tuple(range(WIDTH)), WIDTH, Family("sae", (), "f"), blocks, (SLOT,),
        learned_size=learned, autoencoder=file,
    )  # fmt: skip
    grounding = Grounding((frame,))
    maps = drawn_maps(grounding)
    masks = [maps[0].share(block) > 0 for block in range(2)]
    assert all(0 < int(mask.sum()) < FEATURES for mask in masks)

    def run(row: Tensor, change: Callable[[Tensor], Tensor]) -> Tensor:
        with hooked(network.model, 0, "resid_post", 1, change), torch.no_grad():
            logits = network.model(input_ids=row[3 : 3 + int(row[0])][None]).logits[0]
        return logits[[int(row[0]) - 1, int(row[2]) - 1]]

    def held(row: Tensor) -> Tensor:
        found: list[Tensor] = []
        run(row, lambda x: found.append(x[0, int(row[2]) - 1]) or x)  # type: ignore[func-returns-value]
        return found[0]

    expected = []
    for item in range(len(batch)):
        base, *sources = torch.from_numpy(batch.inputs[item])
        there = [held(source) for source in sources]

        def edit(x: Tensor, base: Tensor = base, there: list[Tensor] = there, item: int = item) -> Tensor:
            out, at = x.clone(), int(base[2]) - 1
            for source, mask, member in zip(there, masks, batch.members[item], strict=True):
                if member:
                    out[0, at] += changed(file, x[0, at], source, mask) - x[0, at]
            return out

        expected.append(run(base, edit))
    with pytest.raises(EngineRefusal, match="for one variable only"):
        open_named("pyvene", network, grounding, maps)
    kinds: tuple[EngineName, ...] = ("hooks", "fused")
    for kind in kinds:
        engine = open_named(kind, network, grounding, maps)
        logits = engine.logits(interchange(WORLD, NAMES, "o"), batch)
        torch.testing.assert_close(logits, torch.stack(expected), atol=1e-4, rtol=1e-4)
        own = replace(batch, inputs=np.repeat(batch.inputs[:, :1], 3, axis=1))
        clean = engine.logits(plain(WORLD, "o"), own)
        torch.testing.assert_close(engine.logits(interchange(WORLD, NAMES, "o"), own), clean, atol=1e-5, rtol=1e-5)


def test_files_that_changed_or_hold_no_numbers(file: Autoencoder) -> None:
    with pytest.raises(EnvironmentProblem, match="changed"):
        read_autoencoder(file.path, WIDTH, FEATURES + 1)
    shapes = {"W_enc": (2, 3), "b_enc": (3,), "W_dec": (3, 2), "b_dec": (2,)}
    path = file.path.with_name("nan.safetensors")
    save_file({name: torch.full(shape, torch.nan) for name, shape in shapes.items()}, path)
    with pytest.raises(EnvironmentProblem, match="not finite"):
        read_autoencoder(path, 2, 3)
