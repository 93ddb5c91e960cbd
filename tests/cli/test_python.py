"""cspec in Python: `check`, `compile` and `verify` with results as values."""

from collections.abc import Mapping
from pathlib import Path

import cspec
import pytest

from .tools import DECIDED, DIFFERENCES, GALLERY, SOLVES, sampled, small, spawn, write


def test_verify_gives_the_verdicts_by_claim_name(tmp_path: Path) -> None:
    seen: list[str] = []
    path = GALLERY / "exchanged.cspec"
    result = cspec.verify(path, store=tmp_path, decided=lambda so_far: seen.append(so_far.verdicts[-1].name))
    assert isinstance(result, Mapping)
    assert list(result) == ["solves", "wrong", "alone", "joint"] == seen
    assert len(result) == 4
    assert "wrong" in result
    assert "right" not in result
    assert result.get("right") is None
    assert result["wrong"].outcome == "refuted"
    assert result["wrong"].expectation == "met"
    assert result["wrong"].estimate == pytest.approx(26 / 51, abs=1e-15)
    assert result["wrong"].interval == (result["wrong"].estimate, result["wrong"].estimate)
    assert result["wrong"].quantities[0].exact == "26/51"
    assert result.exit_code == 0
    with pytest.raises(KeyError, match="right"):
        result["right"]


def test_a_sampled_claim_has_an_interval_around_its_estimate(tmp_path: Path) -> None:
    spec = sampled(tmp_path, DECIDED + "claim decides: iia(decided) >= 0.9\n")
    verdict = cspec.verify(spec)["decides"]
    low, high = verdict.interval
    # 256 of 256 at the first look: p^256 / B(257, 1) = 1 / alpha at the low end
    assert (verdict.estimate, high) == (1.0, 1.0)
    assert low == pytest.approx((0.05 / 257) ** (1 / 256), abs=1e-9)
    assert (verdict.parts[0].method, verdict.parts[0].n, verdict.parts[0].budget) == ("confidence sequence", 256, 400)
    assert (tmp_path / ".cspec" / "looks.jsonl").exists()


def test_paths_may_be_text(tmp_path: Path) -> None:
    spec = small(tmp_path, DIFFERENCES + SOLVES)
    assert cspec.verify(str(spec), store=str(tmp_path / "store"))["solves"].outcome == "holds"


def test_check_and_compile(tmp_path: Path) -> None:
    spec = small(tmp_path, DIFFERENCES + SOLVES)
    checked = cspec.check(spec)
    assert list(checked.program.claims) == ["solves"]
    plan = cspec.compile(spec)
    assert [step.kind for step in plan.steps()] == ["Items", "Encode", "Capture", "Evaluate", "Decide"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["net.safetensors", "spec.cspec"]


@pytest.mark.parametrize("function", ["check", "compile", "verify"])
def test_a_wrong_spec_raises_with_every_diagnostic(tmp_path: Path, function: str) -> None:
    spec = small(tmp_path, "claim a: accuracy(nett) >= 0.9\nclaim b: accuracy(nat) >= 0.9\n")
    with pytest.raises(cspec.SpecError, match="nett") as raised:
        getattr(cspec, function)(spec)
    assert [d.severity for d in raised.value.diagnostics] == ["error", "error"]
    assert raised.value.source.path == spec
    first = raised.value.diagnostics[0].label.span
    assert raised.value.source.text[first.start : first.end] == "nett"


def test_verify_without_claims_raises(tmp_path: Path) -> None:
    with pytest.raises(cspec.SpecError, match="CS435"):
        cspec.verify(small(tmp_path, DIFFERENCES))


def test_text_that_is_no_spec_raises(tmp_path: Path) -> None:
    latin = tmp_path / "latin.cspec"
    latin.write_bytes(b'"""caf\xe9"""')
    with pytest.raises(cspec.SpecError, match="CS005"):
        cspec.check(latin)
    with pytest.raises(FileNotFoundError):
        cspec.check(tmp_path / "absent.cspec")


def test_only_public_names_are_there() -> None:
    assert cspec.__all__ == ["EnvironmentProblem", "SpecError", "check", "compile", "verify"]
    assert all(getattr(cspec, name).__name__ == name for name in cspec.__all__)
    with pytest.raises(AttributeError, match="prove"):
        cspec.prove  # noqa: B018


def test_importing_and_checking_loads_neither_torch_nor_networkx(tmp_path: Path) -> None:
    spec = small(tmp_path, DIFFERENCES + "claim all: iia(differences) == 1 exhaustively\n")
    script = write(
        tmp_path / "script.py",
        f"import sys, cspec\ncspec.check({str(spec)!r})\nfrom cspec.cli.main import main\n"
        f"main(['check', {str(spec)!r}])\n"
        "print(sorted({'torch', 'pyvene', 'networkx', 'pydantic', 'scipy'} & set(sys.modules)))\n",
    )
    done = spawn(script, cwd=tmp_path)
    assert (done.status, done.err) == (0, "")
    assert done.out == f"{spec}: ok, 1 claim\n[]\n"
