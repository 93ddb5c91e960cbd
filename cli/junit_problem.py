"""What keeps a run from its verdicts -> the test case of a report that says so."""

from collections.abc import Sequence
from typing import Any

from .junit import RUN, Case


def problem_case(diagnostics: Sequence[dict[str, Any]], text: str, interrupted: bool) -> Case:
    """The case of a run that did not come to its end: every diagnostic as the terminal shows it."""
    if interrupted:
        return Case(RUN, "error", "interrupted", "the run was interrupted")
    errors = [row for row in diagnostics if row["severity"] == "error"]
    first = errors[0]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return Case(
        RUN,
        "error",
        first["code"],
        f"{first['code']}: {first['message']}{more}",
        text,
        first.get("path", ""),
        first.get("line", 0),
    )
