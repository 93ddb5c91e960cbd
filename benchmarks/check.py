"""How much processor time a spec takes to be checked: a large file within a process, and the gallery's as a process."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import cspec

from .report import Row, median_processor_seconds

GALLERY = Path(cspec.__file__).parent / "specs" / "hierarchical_equality" / "hierarchical_equality.cspec"
MODELS = 200
REPEATS = 15

TASK = """
task equality {
  input  w, x, y, z: 0..15
  output same: bool
  tokens [w, x, y, z]
  answer same: { false: 0, true: 1 }
}
"""
MODEL = """
model both_%(i)d for equality {
  left_%(i)d:  bool = w == x
  right_%(i)d: bool = y == z
  same = left_%(i)d == right_%(i)d
}"""


def large_spec(models: int = MODELS) -> str:
    """A task and many models of it, five lines each."""
    return TASK + "".join(MODEL % {"i": i} for i in range(models)) + "\n"


def measure() -> list[Row]:
    """Milliseconds of processor time for each case, with what is wanted of it."""
    from cspec.compiler.pipeline import check_spec
    from cspec.lang.diagnostics import Source
    from cspec.lang.formatting.format_text import format_text

    text = large_spec()
    lines, copies = len(text.splitlines()), count()

    def fresh() -> Source:
        """The spec as it was never read before: what was parsed last is remembered."""
        return Source(Path("large.cspec"), f"# {next(copies)}\n{text}")

    rows = [
        Row(
            f"parse and check, {lines:,} lines",
            1e3 * median_processor_seconds(lambda: check_spec(fresh()), 5),
            "ms",
            500,
        ),
        Row(f"format, {lines:,} lines", 1e3 * median_processor_seconds(lambda: format_text(fresh()), 5), "ms", 500),
    ]
    sound = large_spec(40)
    for case, edited in (("", sound), (", ten errors elsewhere", sound.replace("y == z", "y == zz", 10))):
        rows.append(Row(f"server: one line of 200 edited{case}", 1e3 * recheck_seconds(edited), "ms", 100))
    bare, checked = process_seconds([["-c", "pass"], ["-m", "cspec", "check", str(GALLERY)]])
    beyond = 1e3 * (checked - bare)
    return [
        *rows,
        Row("`cspec check` of the gallery", beyond, "ms", 350, note="beyond Python"),
    ]


def recheck_seconds(text: str) -> float:
    """The median time in which the language server has a text again of which one line was edited."""
    from cspec.cli.lsp import build_check
    from cspec.lang.diagnostics import Source
    from cspec.lang.server.analysis import analyse

    check, edits = build_check(False), count()

    def edit() -> None:
        edited = Source(Path("large.cspec"), text.replace("w == x", f"w == {next(edits) % 16}", 1))
        check(analyse(edited).source)

    return median_processor_seconds(edit, 9)


def process_seconds(commands: Sequence[Sequence[str]]) -> list[float]:
    """The least processor time from start to end of each command of this Python, run in turn.

    Modules are compiled beforehand, as an installation does, and as any second run finds them.
    """
    taken: list[list[float]] = [[] for _ in commands]
    with tempfile.TemporaryDirectory() as compiled:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": compiled}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        for repeat in range(REPEATS + 1):
            for command, times in zip(commands, taken, strict=True):
                before = children_seconds()
                subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL, env=environment)
                if repeat:
                    times.append(children_seconds() - before)
    return [min(times) for times in taken]


def children_seconds() -> float:
    """Processor time of the processes that were waited for."""
    times = os.times()
    return times.children_user + times.children_system
