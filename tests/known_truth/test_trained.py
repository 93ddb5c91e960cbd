"""Trained and untrained networks: what they cannot hold follows from how they were made."""

from pathlib import Path

import torch
from safetensors.torch import load_file

from .tools import FAMILIES_OF_NOTHING, FOLDER, Verified, script, verify


def test_memory_never_saw_the_held_out_symbols() -> None:
    """Their columns of the first layer are as they were drawn, and no two of them were drawn together."""
    train = script("train")
    torch.manual_seed(0)
    drawn = train["Network"](torch.eye(48), (64, 16)).layers[0].weight.reshape(64, 4, 48)
    stored = load_file(FOLDER / "memory.safetensors")["layers.0.weight"].reshape(64, 4, 48)
    assert torch.equal(stored[:, :, 24:], drawn[:, :, 24:])
    assert not torch.isclose(stored[:, :, :24], drawn[:, :, :24]).all(0).any()


def test_what_was_learnt_by_heart_is_no_claim_about_other_symbols(tmp_path: Path) -> None:
    done = verify(FOLDER / "memory.cspec", tmp_path)
    assert done.status == 0
    assert done.said("remembers") == "holds"
    generalises = done.quantity("generalises")
    assert generalises["low"] <= 0.5 <= generalises["high"]
    for claim in ("rotation", "causes", "revnet"):
        assert done.said(claim) == "inconclusive(task_not_solved)"
        (*_, seed) = done.quantity(claim)["seeds"]
        assert seed["select"] > 0.8  # on symbols that it knows the map does what it was fitted to do


def test_nothing_holds_of_untrained_networks(tmp_path: Path) -> None:
    done = verify(FOLDER / "untrained.cspec", tmp_path)
    assert done.said("drawn") == "inconclusive(task_not_solved)"
    assert_nothing_holds(done)


def test_the_untrained_layer_is_as_it_was_drawn() -> None:
    train = script("train")
    torch.manual_seed(0)
    drawn = train["Network"](torch.rand(64, 4) * 2 - 1, (64, 32, 16)).layers[0]
    stored = load_file(FOLDER / "random_features.safetensors")
    assert torch.equal(stored["layers.0.weight"], drawn.weight)
    assert torch.equal(stored["layers.0.bias"], drawn.bias)


def test_small_searches_find_nothing_in_an_untrained_layer_of_a_network_that_solves_the_task(tmp_path: Path) -> None:
    done = verify(FOLDER / "random_features.cspec", tmp_path)
    assert done.said("solves") == done.said("inputs") == "holds"
    # With the pairs (w, x) and (y, z) of two sources the network reads an input like any other.
    assert done.quantity("inputs")["estimate"] >= 0.9
    assert_nothing_holds(done)


def assert_nothing_holds(done: Verified) -> None:
    """Every family was tried, and none says that the variables are there."""
    assert set(FAMILIES_OF_NOTHING) <= set(done.verdicts)
    said = {claim: done.said(claim) for claim in FAMILIES_OF_NOTHING}
    assert "holds" not in said.values()
    # What was searched for and not found is not refuted either.
    assert "refuted" not in said.values()
