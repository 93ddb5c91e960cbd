"""Stdout and stderr, which may be closed, on a full disk, in an encoding that lacks letters, or read by nobody."""

import os
import sys
from typing import TextIO


def open_streams() -> None:
    """Give stdout and stderr, where they are closed, a place where nothing is kept; what stdout cannot say is escaped.

    A closed stream leaves its number to the next file that is opened, into which a library could then print.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif getattr(stream, "errors", None) == "strict" and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def put(text: str, stream: TextIO) -> str:
    """Write a text; says why it could not be written, "" where it was or where nobody reads on.

    Once something was lost, all that follows is: a document with a hole in it would be none.
    """
    try:
        stream.write(text)
        stream.flush()
    except OSError as problem:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())  # what is left in buffers goes there as well, without another error
        os.close(nowhere)
        return "" if isinstance(problem, BrokenPipeError) else problem.strerror or str(problem)
    return ""
