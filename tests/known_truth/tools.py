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
def script(name: str) -> dict[str, Any]:
    """The names of one of the suite's scripts, run as a module."""
    return runpy.run_path(str(FOLDER / f"{name}.py"))
