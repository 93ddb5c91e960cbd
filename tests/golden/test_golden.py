"""Every spec in `good/` and `bad/` through `cspec check`: stdout, stderr and exit status, word for word."""

import contextlib
import io
from pathlib import Path

import pytest
from cspec.cli.main import main

FOLDER = Path(__file__).parent
SPECS = sorted(FOLDER.glob("good/*.cspec")) + sorted(FOLDER.glob("bad/*.cspec"))


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_check_prints_its_golden(spec: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(spec.parent)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(["check", spec.name])
    found = f"exit {status}\n--- stdout\n{out.getvalue()}--- stderr\n{err.getvalue()}"
    golden = spec.with_suffix(".golden")
    if request.config.getoption("--update-golden"):
        golden.write_text(found, encoding="utf-8")
    assert golden.exists(), "no golden file: run with --update-golden and read the diff"
    assert found == golden.read_text(encoding="utf-8")
    assert (status == 0) == (spec.parent.name == "good")


def test_every_golden_has_its_spec() -> None:
    orphans = [p.name for p in FOLDER.glob("*/*.golden") if not p.with_suffix(".cspec").exists()]
    assert orphans == []


def test_folders_are_not_empty() -> None:
    assert len(SPECS) >= 25
    assert {path.parent.name for path in SPECS} == {"good", "bad"}


def test_terms_print_as_their_golden(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `cspec compile --emit terms` prints of a spec with every kind of effect."""
    monkeypatch.chdir(FOLDER / "good")
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        status = main(["compile", "effects.cspec", "--emit", "terms"])
    golden = FOLDER / "good" / "effects.terms"
    if request.config.getoption("--update-golden"):
        golden.write_text(out.getvalue(), encoding="utf-8")
    assert status == 0
    assert out.getvalue() == golden.read_text(encoding="utf-8")
