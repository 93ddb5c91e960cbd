"""Where a command's words go: text on stdout and errors on stderr, or on stdout one document and nothing else."""

import argparse
import json
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..lang.codes import CODES
from ..lang.diagnostics import Diagnostic, Severity, Source, SpecError
from ..lang.reports.render_diagnostics import render_json, render_text
from .near_spec import near_spec
from .page import colored
from .streams import put

if TYPE_CHECKING:  # only where a report is wanted
    from .junit import JunitReport

USAGE, SPEC, ENVIRONMENT, BUG, INTERRUPTED = 64, 2, 4, 70, 130

Format = Literal["text", "json", "github", "sarif"]


class Output:
    """Collects what a command has to say and says it in the way that was asked for."""

    def __init__(self, command: str, spec: str, format: Format) -> None:
        self.command, self.spec, self.format = command, spec, format
        self.diagnostics: list[dict[str, Any]] = []
        self.parts: dict[str, Any] = {}
        self.report: JunitReport | None = None
        """Where it is to be written too, for CI, what a run has found."""
        self.texts: list[str] = []
        """The diagnostics as a terminal without colours shows them."""
        self.lost = ""
        """Why stdout did not take what was said; "" where it did. The command runs on, so that its result is kept."""

    def run(self, action: Callable[[argparse.Namespace, "Output"], int], options: argparse.Namespace) -> int:
        """Run a command and turn what users can get wrong into diagnostics and an exit status."""
        try:
            status = action(options, self)
        except KeyboardInterrupt:
            # one in the middle of an import leaves modules that cannot be loaded again, and so nothing to say it with
            with suppress(Exception):
                self.finish(INTERRUPTED)
                self._report(INTERRUPTED)
            raise
        except SpecError as problem:
            self.show(problem.source, problem.diagnostics)
            status = exit_status(problem.diagnostics)
        except OSError as problem:
            if problem.filename is None or Path(problem.filename) != Path(options.spec):
                raise
            message = f"the spec `{options.spec}` cannot be read: {problem.strerror}"
            self.plain("CS003", message, near_spec(options.spec))
            status = USAGE
        except Exception as problem:
            if type(problem).__name__ not in ("EnvironmentProblem", "EngineRefusal"):
                raise
            self.plain(getattr(problem, "code", "CS521"), str(problem), getattr(problem, "help", ""))
            status = ENVIRONMENT
        self.finish(status)
        if self.lost:
            self._late(f"stdout cannot be written: {self.lost}")
            status = ENVIRONMENT
        return self._report(status)

    def show(self, source: Source, diagnostics: tuple[Diagnostic, ...]) -> None:
        """Diagnostics with their place in the text."""
        self.diagnostics += render_json(source, diagnostics)
        if self.report is not None and diagnostics:
            self.texts.append(render_text(source, diagnostics, color=False))
        if self.format == "text" and diagnostics:
            put(render_text(source, diagnostics, color=colored(sys.stderr)), sys.stderr)

    def plain(self, code: str, message: str, help: str = "", severity: Severity = "error") -> None:
        """A diagnostic that has no place in the text."""
        self.diagnostics.append({"code": code, "severity": severity, "message": message, "help": help})
        self.texts.append(f"{severity}[{code}]: {message}\n" + (f"  = help: {help}\n" if help else ""))
        if self.format == "text":
            put(self.texts[-1], sys.stderr)

    def write(self, text: str) -> None:
        """Text for stdout; left out of documents."""
        if self.format == "text":
            self._put(text)

    def add(self, name: str, value: Any) -> None:
        """A part of the JSON document."""
        self.parts[name] = value

    def finish(self, status: int) -> None:
        """Print the document."""
        if self.format == "json":
            from .documents import check_document

            document = {"command": self.command, "spec": self.spec, "exit": status, "diagnostics": self.diagnostics}
            self._put(json.dumps(check_document(document | self.parts), indent=2) + "\n")
        elif self.format == "sarif":
            from importlib.metadata import version

            from ..lang.reports.sarif import render_sarif

            self._put(json.dumps(render_sarif(self.diagnostics, version("cspec")), indent=2) + "\n")
        elif self.format == "github":
            from ..lang.reports.github import render_github

            self._put(render_github(self.diagnostics))

    def _report(self, status: int) -> int:
        """Write the report, if one is wanted; the status, which is another one where that fails."""
        if self.report is None:
            return status
        from .junit import cannot_write
        from .junit_problem import problem_case

        stopped = status in (USAGE, SPEC, ENVIRONMENT, BUG, INTERRUPTED)
        interrupted = status == INTERRUPTED
        try:
            self.report.end(problem_case(self.diagnostics, "\n".join(self.texts), interrupted) if stopped else None)
        except OSError as problem:
            self._late(cannot_write(self.report.path, problem))
            return status if stopped else ENVIRONMENT
        return status

    def _late(self, message: str) -> None:
        """An output that failed when all else was said: on stderr, whatever the format."""
        self.texts.append(f"error[CS522]: {message}\n")
        self.diagnostics.append({"code": "CS522", "severity": "error", "message": message, "help": ""})
        put(self.texts[-1], sys.stderr)

    def _put(self, text: str) -> None:
        self.lost = put(text, sys.stdout) or self.lost

    def bug(self, bug: Exception) -> None:
        """A bug of ours: what to report, and nothing that may be broken by it."""
        self.diagnostics, self.texts, self.parts = [], [], {}
        if self.report is not None:
            self.report.cases.clear()
        import platform
        from importlib.metadata import version

        where = f"cspec {version('cspec')}, Python {platform.python_version()}"
        self.plain(
            getattr(bug, "code", "CS900"),
            f"this is a bug in cspec: {type(bug).__name__}: {bug}",
            f"please report it with the spec ({where}); CSPEC_DEBUG=1 shows the traceback",
        )
        self.finish(BUG)
        self._report(BUG)


def exit_status(diagnostics: tuple[Diagnostic, ...]) -> int:
    """2 where the spec is wrong, else 4 where only the environment is."""
    errors = [CODES[d.code].exit for d in diagnostics if d.severity == "error"]
    return SPEC if SPEC in errors else ENVIRONMENT


def add_common(parser: argparse.ArgumentParser) -> None:
    """The arguments that every command takes."""
    parser.add_argument("spec", metavar="FILE", help="the .cspec file")
    add_json(parser)
    parser.add_argument("--allow-path", action="store_true", help="permit checkpoints above the spec's folder")


def add_json(parser: argparse.ArgumentParser) -> None:
    """`--json`, which is the format `json`."""
    parser.add_argument(
        "--json",
        dest="format",
        action="store_const",
        const="json",
        default="text",
        help="print one JSON document on stdout and nothing else",
    )
