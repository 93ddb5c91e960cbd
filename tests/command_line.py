"""The command line as a function: what tests from the outside share."""

import contextlib
import io
import json
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
