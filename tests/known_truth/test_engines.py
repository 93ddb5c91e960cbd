"""Two engines, one truth: the same specs run by pyvene give the same verdicts, and the same numbers for given maps."""

from pathlib import Path

import pytest

from .tools import FOLDER, Verified, verify

LEARNED = """
align das: both_equalities -> equal {
  left, right at hidden[2] via rotation size 1
  fit { steps: 60, batch: 128, rate: 0.1, seeds: 3, patience: 3 }
}
align mask: both_equalities -> equal {
  left, right at hidden[2] via identity size 1
}
claim rotation: iia(das) >= 0.9
claim neurons:  iia(mask) >= 0.9
"""


@pytest.mark.parametrize("name", ["hidden_pathway", "neither"])
def test_given_maps_give_identical_numbers(name: str, tmp_path: Path) -> None:
    ours, theirs = both(FOLDER / f"{name}.cspec", tmp_path)
    assert numbers(ours) == numbers(theirs)


def test_learned_maps_give_the_same_verdicts(tmp_path: Path) -> None:
    text = (FOLDER / "families.cspec").read_text(encoding="utf-8")
    (tmp_path / "equality.safetensors").write_bytes((FOLDER / "equality.safetensors").read_bytes())
    spec = tmp_path / "learned.cspec"
    spec.write_text(text[: text.index("align ")] + LEARNED, encoding="utf-8")
    ours, theirs = both(spec, tmp_path)
    assert [ours.said(claim) for claim in ours.verdicts] == [theirs.said(claim) for claim in theirs.verdicts]
    assert ours.said("neurons") == "holds"


def both(spec: Path, folder: Path) -> tuple[Verified, Verified]:
    """The same spec under both engines, each with a store of its own."""
    return (verify(spec, folder / "fused"), verify(spec, folder / "pyvene", "--engine", "pyvene"))


def numbers(done: Verified) -> dict[str, tuple[str, float, float, float]]:
    """Verdict, estimate and interval of every claim."""
    return {
        name: (done.said(name), *(done.quantity(name)[key] for key in ("estimate", "low", "high")))
        for name in done.verdicts
    }
