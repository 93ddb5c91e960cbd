"""The suite's specs through the command line, and its scripts as modules: what the tests of this folder share."""

import contextlib
import io
import json
import runpy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cspec
import pytest
from cspec.cli.main import main

FOLDER = Path(cspec.__file__).parent / "specs" / "known_truth"

FAMILIES_OF_NOTHING = ("neurons", "mask", "rotation", "boundless", "pca", "means", "probe", "revnet")
"""The claims that put one family after the other to a network that does not hold what they say."""


@dataclass(frozen=True)
class Verified:
    """What `cspec verify --json` left behind."""

    status: int
    verdicts: dict[str, dict[str, Any]]

    def said(self, claim: str) -> str:
        """`holds`, `inconclusive(task_not_solved)`."""
        verdict = self.verdicts[claim]
        return f"{verdict['outcome']}({verdict['reason']})" if verdict["reason"] else str(verdict["outcome"])

    def quantity(self, claim: str) -> dict[str, Any]:
        """The claim's first estimand."""
        first: dict[str, Any] = self.verdicts[claim]["quantities"][0]
        return first

    def control(self, claim: str, name: str) -> dict[str, Any]:
        """The row of a control of the claim's first estimand."""
        (row,) = (row for row in self.verdicts[claim]["controls"] if row["name"] == name)
        return dict(row)

    def halves(self, claim: str) -> dict[tuple[str, str], float]:
        """The share of agreement by set and half."""
        cells = self.quantity(claim)["cells"]
        return {(", ".join(cell["set"]), cell["half"]): cell["right"] / cell["n"] for cell in cells}


def verify(spec: Path, store: Path, *options: str) -> Verified:
    """Run `cspec verify` in this process, results in a store of their own."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        status = main(["verify", str(spec), "--json", "--store", str(store), *options])
    document = json.loads(out.getvalue())
    return Verified(status, {verdict["name"]: verdict for verdict in document["result"]["verdicts"]})


@cache
def script(name: str, folder: Path = FOLDER) -> dict[str, Any]:
    """The names of one of the suite's scripts, run as a module."""
    return runpy.run_path(str(folder / f"{name}.py"))


def compare_engines(spec: Path, store: Path) -> None:
    """The references give the verdicts and measurements that `fused` gives, from the maps that it has stored."""
    said = script("compare_engines", FOLDER.parent)["said"]
    ours = cspec.verify(spec, store=store, engine="fused")
    for engine in ("hooks", "pyvene"):
        theirs = cspec.verify(spec, store=store, engine=engine, fit_engine="fused")
        assert theirs.environment.engine == engine
        assert [said(theirs[claim]) for claim in ours] == [said(ours[claim]) for claim in ours]
        for claim in ours:
            for mine, other in zip(ours[claim].quantities, theirs[claim].quantities, strict=True):
                assert other.map == mine.map
                assert other.estimate == (mine.estimate if mine.binary else pytest.approx(mine.estimate, rel=1e-3))
