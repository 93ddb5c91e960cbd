"""`cspec init`: what it writes checks, is formatted, and verifies as its comments say."""

import os
from pathlib import Path

import pytest

from .tools import run


def test_the_starter_is_checked_formatted_and_verified(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "project"
    made = run("init", folder)
    spec = folder / "starter.cspec"
    assert made.status == 0
    assert made.out.splitlines()[-1] == f"next: cspec verify {spec}"
    assert sorted(os.listdir(folder)) == ["starter.cspec", "starter.safetensors"]
    checked = run("check", spec)
    assert (checked.status, checked.err, checked.out) == (0, "", f"{spec}: ok, 3 claims\n")
    assert run("fmt", "--check", spec).status == 0
    verified = run("verify", spec, "--json")
    assert verified.status == 0, verified.err
    outcomes = {v["name"]: (v["outcome"], v["grade"]) for v in verified.document["result"]["verdicts"]}
    assert outcomes == {
        "solves": ("holds", "exhaustive"),
        "adds": ("holds", "exhaustive"),
        "copies": ("refuted", "exhaustive"),
    }


def test_what_the_comments_propose_can_be_checked(tmp_path: Path) -> None:
    run("init", tmp_path)
    spec = tmp_path / "starter.cspec"
    spec.write_text(spec.read_text().replace("\n#   ", "\n"))
    done = run("check", spec)
    assert (done.status, done.out) == (0, f"{spec}: ok, 4 claims\n"), done.err


@pytest.mark.parametrize("name", ["starter.cspec", "starter.safetensors"])
def test_nothing_is_overwritten(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    done = run("init", tmp_path)
    assert (done.status, done.out) == (64, "")
    assert done.err.startswith(f"error[CS031]: `{tmp_path / name}` is there already\n  = help: choose another folder")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run("init", tmp_path / "file" / "inner")
    assert done.status == 4
    assert done.err.startswith("error[CS522]: `")
