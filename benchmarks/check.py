"""How long a spec takes to be checked: a large file within a process, and the gallery's from process start to end."""

import resource
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import cspec

from .report import Row, median_seconds

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
    """Milliseconds for each case, with what is wanted of it."""
    from cspec.compiler.pipeline import check_spec
    from cspec.lang.diagnostics import Source
    from cspec.lang.formatting.format_text import format_text

    text = large_spec()
    source = Source(Path("large.cspec"), text)
    lines = len(text.splitlines())
    rows = [
        Row(f"parse and check, {lines:,} lines", 1e3 * median_seconds(lambda: check_spec(source), 5), "ms", 500),
        Row(f"format, {lines:,} lines", 1e3 * median_seconds(lambda: format_text(source), 5), "ms", 500),
    ]
    bare, checked = process_seconds([["-c", "pass"], ["-m", "cspec", "check", str(GALLERY)]])
    beyond = 1e3 * (checked - bare)
    return [*rows, Row("`cspec check` of the gallery", beyond, "ms", 350, note="beyond `python -c pass`")]


def process_seconds(commands: Sequence[Sequence[str]]) -> list[float]:
    """The median processor time of each command of this Python, run in turn."""
    taken: list[list[float]] = [[] for _ in commands]
    for _ in range(REPEATS):
        for command, times in zip(commands, taken, strict=True):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return [sorted(times)[len(times) // 2] for times in taken]
