"""Engines that are extras: asked for where they are not installed, and never imported where they are not asked for."""

import sys
from pathlib import Path

import pytest

from .tools import DIFFERENCES, run, small, spawn

CLAIM = "claim carried: iia(differences) >= 0.9 exhaustively\nclaim solves: accuracy(net) == 1 exhaustively\n"
REMEDY = 'help: install it, `pip install "cspec[pyvene]"`, or leave `--engine` out'
HIDDEN = (
    "import sys; sys.modules['{module}'] = None; from cspec.cli.main import main;"
    "sys.exit(main(['verify', sys.argv[1], *{options}]))"
)


def test_the_engine_that_is_not_installed_has_its_code_and_nothing_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = small(tmp_path, DIFFERENCES + CLAIM)
    monkeypatch.setitem(sys.modules, "pyvene", None)
    done = run("verify", spec, "--engine", "pyvene", "--store", tmp_path / "store")
    assert done.status == 4
    assert "error[CS032]: the engine `pyvene` needs the package `pyvene`, which is not installed" in done.err
    assert REMEDY in done.err
    assert not (tmp_path / "store").exists()


def test_a_package_that_pyvene_needs_is_named(tmp_path: Path) -> None:
    """In a fresh process, where pyvene is imported for the first time."""
    spec = small(tmp_path, DIFFERENCES + CLAIM)
    code = HIDDEN.format(module="matplotlib", options=["--engine", "pyvene"])
    done = spawn("-c", code, spec, cwd=tmp_path)
    assert done.status == 4
    assert "error[CS032]: pyvene cannot be imported: " in done.err
    assert "matplotlib" in done.err
    assert REMEDY in done.err


def test_the_default_engine_runs_without_it(tmp_path: Path) -> None:
    """In a fresh process in which pyvene cannot be imported."""
    spec = small(tmp_path, DIFFERENCES + CLAIM)
    done = spawn("-c", HIDDEN.format(module="pyvene", options=[]), spec, cwd=tmp_path)
    assert (done.status, done.err) == (0, "")
    assert "carried: holds" in done.out
