"""`--junit PATH`: what a run found as JUnit XML, the dialect that CI systems read.

A claim is a test case, and so is a measured graph. One whose expectation is met passes; one that failed is a `failure`;
one that is open is an `error`, since it came to no answer, and what is skipped would count as harmless. A run that came
to no verdicts (exit status 2, 4, 64, 70, 130) has a case of its own, an `error` with the diagnostics; what was left
undecided is `skipped`.

The file is there, and says that the run has not ended, from the run's first moment on: a path that cannot be written is
found out then, and a run that is killed leaves no report of another run.
"""

import argparse
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Literal
from xml.etree import ElementTree

from ..lang.record import record
from .write_whole import write_whole

RUN = "cspec verify"
"""The case of what is no claim's: with a space, so that no claim is called so."""

Kind = Literal["passed", "failure", "error", "skipped"]


@record
class Case:
    """One test case: `kind` with its `type`, a `message` of one line and a `text`; `line` of the file, 0: unknown."""

    name: str
    kind: Kind
    type: str = ""
    message: str = ""
    text: str = ""
    file: str = ""
    line: int = 0
    seconds: float = 0.0


class JunitReport:
    """The report of one run, as far as it has come."""

    def __init__(self, path: Path, spec: str) -> None:
        self.path, self.spec = path, spec
        self.names: list[tuple[str, str, int]] = []
        """What will be decided, each with its file and line, once the spec is read."""
        self.cases: dict[str, Case] = {}
        self.started = self.last = time.monotonic()

    def begin(self) -> None:
        """Write that the run has not ended.

        Raises:
            OSError: the file cannot be written, or its folder made.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._write([Case(RUN, "error", "not ended", "the run has not ended, or was killed")])

    def expect(self, names: Iterable[tuple[str, str, int]]) -> None:
        """Everything that will be decided, in order, each with the file and line that it stands in."""
        self.names = list(names)

    def decided(self, case: Case) -> None:
        """One of these was decided, in the time since the one before it or the start."""
        now = time.monotonic()
        self.cases[case.name] = replace(case, seconds=now - self.last)
        self.last = now

    def end(self, problem: Case | None) -> None:
        """Write what was decided, and the `problem` that kept the rest from it.

        Raises:
            OSError: the file cannot be written; then it still says that the run has not ended.
        """
        left = Case("", "skipped", message=f"not decided: see the case `{RUN}`")
        cases = [
            replace(self.cases.get(name, left), name=name, file=file, line=line) for name, file, line in self.names
        ]
        self._write(cases if problem is None else [problem, *cases])

    def _write(self, cases: Sequence[Case]) -> None:
        write_whole(self.path, render_junit(self.spec, cases, time.monotonic() - self.started))


def open_report(path: Path, spec: str) -> JunitReport:
    """The report of a run that begins.

    Raises:
        EnvironmentProblem: it cannot be written.
    """
    report = JunitReport(path, spec)
    try:
        report.begin()
    except OSError as problem:
        from ..runtime.errors import EnvironmentProblem

        raise EnvironmentProblem("CS522", cannot_write(path, problem), "name another file with `--junit`") from None
    return report


def cannot_write(path: Path, problem: OSError) -> str:
    """Why a report is not there."""
    return f"the report `{path}` cannot be written: {problem.strerror}"


def render_junit(spec: str, cases: Sequence[Case], seconds: float) -> bytes:
    """A report of one suite; numbers of failures, errors and skipped cases are told apart in both heads."""
    counts = {"tests": str(len(cases))}
    for name, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        counts[name] = str(sum(case.kind == kind for case in cases))
    head = {"name": _legal(spec), **counts, "time": f"{seconds:.3f}"}
    root = ElementTree.Element("testsuites", head)
    suite = ElementTree.SubElement(root, "testsuite", head)
    for case in cases:
        place = {"file": _legal(case.file or spec)} | ({"line": str(case.line)} if case.line else {})
        named = {"classname": _classname(spec), "name": _legal(case.name)}
        found = ElementTree.SubElement(suite, "testcase", named | place | {"time": f"{case.seconds:.3f}"})
        if case.kind == "passed":
            ElementTree.SubElement(found, "system-out").text = _legal(case.text)
        else:
            said = {"type": case.type, "message": case.message}
            said = {key: _legal(value) for key, value in said.items() if value}
            ElementTree.SubElement(found, case.kind, said).text = _legal(case.text) or None
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def xml_path(text: str) -> Path:
    """A path for a report. What ends otherwise is no report: a spec, or weights, that would be overwritten."""
    if not text.endswith(".xml"):
        raise argparse.ArgumentTypeError(f"expected a path that ends in `.xml`, found `{text}`")
    return Path(text)


def _classname(spec: str) -> str:
    """Folders and name with dots between, as readers of reports group by them."""
    parts = [part for part in PurePath(spec).with_suffix("").parts if part not in ("/", "..")]
    return _legal(".".join(parts))


_ILLEGAL = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _legal(text: str) -> str:
    """Text without what no XML may contain, nor escaped: control characters and halves of characters, as `\\x1b`."""
    return _ILLEGAL.sub(lambda found: ascii(found[0])[1:-1], text)
