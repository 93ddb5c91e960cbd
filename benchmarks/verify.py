"""`cspec verify` of the gallery's hierarchical equality from process start to end, ours against the engine `pyvene`.

Both run the whole command in fresh stores, one after the other: reading, checking, items, fits, controls, verdicts.
What is measured is the processor time of each, on one thread, so that other work on the machine counts little. Both
come to the same outcomes, or nothing is reported. Of ours on the gallery's price tagging, where a network's passes
cost something, it is told what share of the processor time they do not take.
"""

import json
import os
import subprocess
import sys
import tempfile

from .check import GALLERY
from .report import Duel, Row, judge

REPEATS = 3
WANTED = 5.0
PRICING = GALLERY.parents[1] / "pricing" / "pricing.cspec"
MOST_OVERHEAD = 10.0
"""Per cent."""


def measure() -> list[Duel | Row]:
    """The whole command with the default engine against that with `--engine pyvene`; and what passes do not take."""
    times = []
    for _ in range(REPEATS):
        (ours, found), (peer, expected) = verify(), verify("--engine", "pyvene")
        assert found == expected, f"the engines disagree: {found} and {expected}"
        times.append((ours, peer))
    return [judge("hierarchical equality", times, WANTED), overhead()]


def overhead() -> Row:
    """The share of processor time that is not spent in passes of networks, on price tagging."""
    command = [sys.executable, "-m", "cspec.benchmarks.passes", str(PRICING)]
    spent = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    share, note = 100 * (1 - spent["passes"] / spent["whole"]), f"of {spent['whole']:.0f} s of processor time"
    return Row("pricing: share that is not network passes", share, "%", MOST_OVERHEAD, note=note)


def verify(*options: str) -> tuple[float, dict[str, str]]:
    """The seconds of processor time that the command takes, and the outcome of every claim."""
    before = _children()
    with tempfile.TemporaryDirectory() as store:
        command = [sys.executable, "-m", "cspec", "verify", str(GALLERY), "--json", "--store", store, *options]
        alone = {**os.environ, "OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=alone)
    return _children() - before, {
        verdict["name"]: verdict["outcome"] for verdict in json.loads(done.stdout)["result"]["verdicts"]
    }


def _children() -> float:
    """The seconds of processor time that processes which were started here, and have ended, took."""
    times = os.times()
    return times.children_user + times.children_system
