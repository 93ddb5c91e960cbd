"""`cspec verify` of the gallery's hierarchical equality from process start to end, ours against the engine `pyvene`.

Both run the whole command in fresh stores, one after the other: reading, checking, items, fits, controls, verdicts.
Both come to the same outcomes, or nothing is reported.
"""

import json
import subprocess
import sys
import tempfile
import time

from .check import GALLERY
from .report import Duel, judge

REPEATS = 3
WANTED = 5.0


def measure() -> list[Duel]:
    """The whole command with the default engine against the same with `--engine pyvene`."""
    times = []
    for _ in range(REPEATS):
        (ours, found), (peer, expected) = verify(), verify("--engine", "pyvene")
        assert found == expected, f"the engines disagree: {found} and {expected}"
        times.append((ours, peer))
    return [judge("hierarchical equality", times, WANTED)]


def verify(*options: str) -> tuple[float, dict[str, str]]:
    """The seconds that the command takes, and the outcome of every claim."""
    with tempfile.TemporaryDirectory() as store:
        command = [sys.executable, "-m", "cspec", "verify", str(GALLERY), "--json", "--store", store, *options]
        start = time.perf_counter()
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        taken = time.perf_counter() - start
    return taken, {verdict["name"]: verdict["outcome"] for verdict in json.loads(done.stdout)["result"]["verdicts"]}
