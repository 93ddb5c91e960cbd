"""Every code is explained, its example has that code and no other error, and the page of codes is up to date."""

import re
import shutil
from pathlib import Path

import pytest
from cspec.cli import check
from cspec.lang.codes import CODES
from cspec.lang.explanations.read_explanations import Explanation, read_base, read_explanations
from cspec.lang.explanations.render_catalogue import STAGES
from cspec.runtime.errors import EngineRefusal

from .tools import run

ROOT = Path(__file__).resolve().parents[2]
BAD = ROOT / "tests" / "golden" / "bad"
EXPLANATIONS = list(read_explanations().values())
EXAMPLES = [explanation for explanation in EXPLANATIONS if explanation.language == "cspec"]
USED = {
    code
    for part in ("lang", "compiler", "runtime", "cli")
    for path in (ROOT / part).rglob("*.py")
    if path.name != "codes.py"
    for code in re.findall(r"CS\d{3}", path.read_text(encoding="utf-8"))
}
"""Codes that something reports; the registry may be ahead of it."""
FOUND = re.compile(r"^(error|warning)\[(CS\d{3})\]", re.M)


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_is_explained(code: str) -> None:
    explanation = read_explanations().get(code)
    assert explanation is not None, f"add a section `## {code}` to a file of lang/explanations"
    assert len(explanation.text) > 40
    shown = explanation.example or explanation.golden or explanation.test
    assert shown, f"{code} needs an example: a block of cspec, `<!-- golden: NAME -->` or `<!-- test: PATH -->`"


def test_no_explanation_is_of_an_unknown_code() -> None:
    assert {explanation.code for explanation in EXPLANATIONS} <= set(CODES)
    assert {code[:3] for code in CODES} == set(STAGES)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoints that examples speak of."""
    path = tmp_path_factory.mktemp("examples")
    for checkpoint in BAD.glob("*.safetensors"):
        shutil.copy(checkpoint, path)
    shutil.copy(BAD / "net64.safetensors", path / "mlp.safetensors")
    return path


@pytest.mark.parametrize("explanation", EXAMPLES, ids=lambda explanation: explanation.code)
def test_an_example_has_its_code_and_no_other_error(explanation: Explanation, folder: Path) -> None:
    whole = "network mlp" in explanation.example
    spec = folder / f"{explanation.code}.cspec"
    spec.write_text(explanation.example if whole else f"{read_base()}\n{explanation.example}", encoding="utf-8")
    done = run("check", spec)
    found = FOUND.findall(done.err)
    assert explanation.code in {code for _, code in found}, done.err
    assert {code for severity, code in found if severity == "error"} <= {explanation.code}, done.err
    assert done.status in (0, CODES[explanation.code].exit)


@pytest.mark.parametrize("explanation", [e for e in EXPLANATIONS if e.golden], ids=lambda explanation: explanation.code)
def test_a_golden_that_is_named_has_the_code(explanation: Explanation) -> None:
    golden = (BAD / f"{explanation.golden}.golden").read_text(encoding="utf-8")
    assert explanation.code in {code for _, code in FOUND.findall(golden)}


@pytest.mark.parametrize(
    "explanation", [e for e in EXPLANATIONS if e.test and e.code in USED], ids=lambda explanation: explanation.code
)
def test_a_test_that_is_named_speaks_of_the_code(explanation: Explanation) -> None:
    path = ROOT / explanation.test
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.suffix in (".py", ".golden")]
    assert any(explanation.code in file.read_text(encoding="utf-8") for file in files)


def test_the_base_has_no_fault(folder: Path) -> None:
    (folder / "base.cspec").write_text(read_base(), encoding="utf-8")
    done = run("check", folder / "base.cspec")
    assert (done.status, done.err) == (0, "")


def test_the_command_prints_the_text_and_the_list() -> None:
    done = run("explain", "cs101")
    assert done.status == 0
    assert done.out.startswith("CS101: an unknown name (exit status 2)\n\nNothing with this name")
    assert "    claim unknown: iia(dsa) >= 0.9\n" in done.out
    listed = run("explain").out
    assert [line[:5] for line in listed.splitlines()] == sorted(CODES)
    assert run("explain", "CS101", "--json").document["codes"]["CS101"].startswith("Nothing")


def test_an_unknown_code_is_an_error_with_the_nearest() -> None:
    done = run("explain", "CS1001")
    assert (done.status, done.out) == (64, "")
    assert done.err.startswith("error[CS030]: expected a diagnostic code, found `CS1001`\n  = help: did you mean `CS")


def test_files_that_are_no_specs(tmp_path: Path) -> None:
    large, latin = tmp_path / "weights.safetensors", tmp_path / "latin_1.cspec"
    large.write_bytes(b" " * 10_000_001)
    latin.write_bytes("café".encode("latin-1"))
    assert run("check", large).err.startswith("error[CS004]")
    assert run("check", latin).err.startswith("error[CS005]")


def test_a_bug_of_ours_and_a_refusal_of_an_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for error, status, code in ((ZeroDivisionError("x"), 70, "CS900"), (EngineRefusal("no such term"), 4, "CS521")):

        def fail(*arguments: object, error: Exception = error, **options: object) -> None:
            raise error

        monkeypatch.setattr(check, "check", fail)
        done = run("check", tmp_path / "a.cspec")
        assert (done.status, done.err[:12]) == (status, f"error[{code}]")
