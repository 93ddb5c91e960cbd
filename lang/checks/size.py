"""A limit on how long a spec is, so that a wrong file (a log, a dump) is refused and not read for minutes."""

from itertools import islice

from ..diagnostics import Diagnostic, Label, Source
from ..parsing.scanner import scan

MAX_TOKENS = 40_000
"""Names, numbers and symbols of a spec and all that it imports; about six thousand lines."""


def check_size(source: Source) -> tuple[Diagnostic, ...]:
    """An error where a spec is longer than any that is written by hand."""
    beyond = next(islice(scan(source.text), MAX_TOKENS, None), None)
    if beyond is None:
        return ()
    return (
        Diagnostic(
            "CS004",
            f"expected at most {MAX_TOKENS:,} names, numbers and symbols, found more",
            Label(beyond.span, "the first that is too many"),
            help="put tables into CSV files, and write repeated lines as a loop: `for i in 0..9 { ... }`",
        ),
    )
