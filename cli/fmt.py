"""`cspec fmt`: write specs in the one layout of the language."""

import argparse
import difflib
import os
import sys
from pathlib import Path
from typing import Any

from ..lang.diagnostics import Source, SpecError
from .near_spec import near_spec
from .output import ENVIRONMENT, SPEC, USAGE, Output, add_json
from .workflow import decode_source, read_source
from .write_whole import write_whole

DESCRIPTION = """\
Write specs in the one layout of the language, in place; `-` formats stdin to stdout. Comments and doc strings are
kept, and a spec with errors of syntax is left as it is. Exit status: 0; 1 with --check if a file would change; 2 if
one has errors; 4 if one cannot be written; 64 if one cannot be read."""

STDIN = "-"


def add_arguments(commands: "argparse._SubParsersAction[Any]") -> None:
    """Declare the command."""
    parser = commands.add_parser("fmt", help="format specs", description=DESCRIPTION)
    parser.add_argument("files", metavar="FILE", nargs="+", help="the .cspec files, or `-` for stdin")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file would change")
    parser.add_argument("--diff", action="store_true", help="write nothing; print what would change")
    add_json(parser)
    parser.set_defaults(run=run, spec="")


class _UnwritableError(Exception):
    """A formatted text that cannot be written, and why."""


def run(options: argparse.Namespace, output: Output) -> int:
    """0 where every file is formatted now, or was."""
    status = 0
    changed: list[str] = []
    for name in options.files:
        try:
            if _format(name, options, output):
                changed.append(name)
        except SpecError as problem:
            output.show(problem.source, problem.diagnostics)
            status = max(status, SPEC)
        except _UnwritableError as problem:
            output.plain("CS522", f"`{name}` cannot be written: {problem}")
            status = max(status, ENVIRONMENT)
        except (OSError, ValueError) as problem:
            reason = getattr(problem, "strerror", None) or str(problem)
            output.plain("CS003", f"the spec `{name}` cannot be read: {reason}", near_spec(name))
            status = max(status, USAGE)
    output.add("files", changed)
    return status or int(options.check and bool(changed))


def _format(name: str, options: argparse.Namespace, output: Output) -> bool:
    """Format one file; whether anything changes by it."""
    from ..lang.formatting.format_text import format_text

    source = _read_stdin() if name == STDIN else read_source(Path(name))
    formatted = format_text(source)
    if options.diff:
        output.write(_diff(source.text, formatted.text, name))
    if options.check:
        if formatted.changed:
            output.write(f"{name}: would change\n")
    elif name == STDIN and not options.diff:
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(encoding="utf-8")  # as specs are, whatever a terminal shows
        output.write(formatted.text)
    elif formatted.changed and not options.diff:
        _write(Path(name), formatted.text)
        output.write(f"{name}: formatted\n")
    return formatted.changed


def _read_stdin() -> Source:
    if sys.stdin is None or sys.stdin.closed:
        raise ValueError("stdin is closed")
    return decode_source(Path("<stdin>"), sys.stdin.buffer.read())


def _diff(before: str, after: str, name: str) -> str:
    rows = difflib.unified_diff(before.splitlines(keepends=True), after.splitlines(keepends=True), name, name)
    return "".join(row if row.endswith("\n") else row + "\n" for row in rows)


def _write(path: Path, text: str) -> None:
    """The whole file or none of it."""
    try:
        if not os.access(path, os.W_OK):
            raise PermissionError(13, "it is read-only")
        write_whole(path, text.encode("utf-8"))
    except OSError as problem:
        raise _UnwritableError(problem.strerror) from None
