"""What `cspec compile --emit pyvene` refuses, each with a code and the remedy, and nothing is written."""

from pathlib import Path

import pytest

from .tools import DIFFERENCES, run, small

CLAIMS = "claim solves: accuracy(net) == 1 exhaustively\nclaim carried: iia(differences) >= 0.9 exhaustively\n"


def write(folder: Path) -> Path:
    spec = small(folder, DIFFERENCES + CLAIMS)
    spec.write_text(spec.read_text().replace("0..3\n", "0..1\n"))
    return spec


def test_a_spec_that_was_not_verified(tmp_path: Path) -> None:
    done = run("compile", write(tmp_path), "--emit", "pyvene", "-o", tmp_path / "check.py")
    assert done.status == 64 or "error[CS457]" in done.err
    assert "run `cspec verify` first" in done.err
    assert not (tmp_path / "check.py").exists()


@pytest.fixture(scope="module")
def verified(tmp_path_factory: pytest.TempPathFactory) -> Path:
    spec = write(tmp_path_factory.mktemp("verified"))
    assert run("verify", spec).status == 0
    return spec


@pytest.mark.parametrize(
    ("claim", "code", "words"),
    [
        ("solves", "CS524", "it measures no interchange"),
        ("carries", "CS525", "did you mean `carried`?"),
    ],
)
def test_a_claim_of_which_no_script_is(verified: Path, claim: str, code: str, words: str) -> None:
    out = verified.parent / "none.py"
    done = run("compile", verified, "--emit", "pyvene", "--claim", claim, "-o", out)
    assert done.status in (4, 64)
    assert done.err.startswith(f"error[{code}]")
    assert words in done.err
    assert not out.exists()


def test_a_changed_spec_needs_a_new_result(verified: Path) -> None:
    changed = verified.read_text()
    verified.write_text(changed.replace(">= 0.9", ">= 0.8"))
    done = run("compile", verified, "--emit", "pyvene")
    verified.write_text(changed)
    assert "error[CS459]" in done.err
    assert done.out == ""


def test_a_folder_that_is_not_there(verified: Path) -> None:
    done = run("compile", verified, "--emit", "pyvene", "-o", verified.parent / "none" / "check.py")
    assert done.status == 4
    assert "error[CS522]" in done.err


def test_a_printed_script_reads_its_tensors_from_the_store(verified: Path) -> None:
    done = run("compile", verified, "--emit", "pyvene", "--json")
    assert done.status == 0
    (data,) = done.document["files"]
    assert Path(data).is_file()
    assert f"DATA = Path({data!r})" in done.document["script"]
