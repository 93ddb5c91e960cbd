"""The command line as a function: what tests from the outside share."""

import contextlib
import io
import json
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cspec.cli.main import main


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on stdout; anything before or after it is an error here."""
        document: dict[str, Any] = json.loads(self.out)
        return document


def run(*arguments: str | Path) -> Ran:
    """Run `cspec` in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main([str(argument) for argument in arguments])
    return Ran(status, out.getvalue(), err.getvalue())


def type_line(line: str, folder: Path) -> str:
    """What a terminal shows of a line that is typed in a folder; a `cspec` that it begins with runs in this process.

    A process of its own would take seconds for its imports.
    """
    typed = re.fullmatch(r"cspec ([^|;]*)(?:([|;])(.*))?", line)
    if typed is None:
        return shell(line, folder)
    arguments, sign, rest = typed.groups()
    out, err = io.StringIO(), io.StringIO()
    shown = err if sign == "|" else out
    with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(shown):
        status = main(shlex.split(arguments))
    if sign == "|":
        return err.getvalue() + shell(rest, folder, out.getvalue())
    return out.getvalue() + (shell(f"(exit {status}); {rest}", folder) if sign else "")


def shell(line: str, folder: Path, given: str = "") -> str:
    """What a terminal shows of a line in bash, where `cspec` is a process of its own; `given` is on stdin."""
    script = f'cspec() {{ "{sys.executable}" -m cspec "$@"; }}; {line}'
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout
