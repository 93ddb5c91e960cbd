"""The outcome that an author expects of a claim as written -> an outcome that can come, and its reason."""

from typing import cast

from ...claims import Outcome
from ...record import record
from ...scope import Reporter
from ...suggest import suggest
from ...syntax.claims import Expectation
from ...syntax.leaves import Name

OUTCOMES = ("holds", "refuted", "unsupported", "inconclusive")
REASONS = (
    "straddles",
    "task_not_solved",
    "too_few_changed",
    "numeric",
    "search_not_shown",
    "vacuous",
    "control_unsettled",
    "budget",
    "off_distribution",
    "unstable",
    "out_of_range",
    "overlap",
    "awaiting_scores",
    "not_read",
)
OF_SEARCHES = ("search_not_shown", "vacuous", "control_unsettled")
"""Reasons of controls, which run where something is learned or searched."""
OF_SAMPLES = ("straddles", "budget", "too_few_changed")
"""Reasons that a count of every item leaves no room for."""


@record
class Outcomes:
    """Which outcomes a claim can have, whether anything is searched for it, and whether every item is counted.

    Where not `all_known` some part of it is broken, and might allow others.
    """

    all_known: bool
    be_refuted: bool
    be_unsupported: bool
    searched: bool
    counted: bool


def check_expectation(expect: Expectation | None, can: Outcomes, report: Reporter) -> tuple[Outcome, str | None]:
    """The outcome and the reason that an author expects, `holds` where nothing is said."""
    if expect is None:
        return "holds", None
    outcome = expect.outcome
    if outcome.text not in OUTCOMES:
        report.error(
            "CS101",
            f"expected an outcome, found `{outcome.text}`",
            outcome.span,
            help=suggest(outcome.text, OUTCOMES, "outcomes"),
        )
        return "holds", None
    _check_reason(outcome, expect.reason, can, report)
    if can.all_known and outcome.text == "unsupported" and not can.be_unsupported:
        report.error(
            "CS412",
            "`unsupported` cannot come: the claim needs no map to be found",
            outcome.span,
            help="expect `refuted`: without a learned map in its favour, a claim that is missed is refuted",
        )
    if can.all_known and outcome.text == "refuted" and not can.be_refuted:
        report.error(
            "CS412",
            "`refuted` cannot come: that no map was found refutes nothing",
            outcome.span,
            help="expect `unsupported`: a learned map in favour of a claim leaves it so when it is missed",
        )
    return cast(Outcome, outcome.text), expect.reason.text if expect.reason else None


def _check_reason(outcome: Name, reason: Name | None, can: Outcomes, report: Reporter) -> None:
    if reason is None:
        return
    if outcome.text != "inconclusive":
        report.error(
            "CS418",
            f"`{outcome.text}` takes no reason",
            reason.span,
            help=f"write `expect {outcome.text}`, or `expect inconclusive({reason.text})`",
        )
    elif reason.text not in REASONS:
        report.error(
            "CS418",
            f"unknown reason `{reason.text}`",
            reason.span,
            help=suggest(reason.text, REASONS, "reasons"),
        )
    elif can.all_known and reason.text in OF_SEARCHES and not can.searched:
        _never(reason, report, "the claim needs no map to be found, and no control of one")
    elif reason.text in OF_SAMPLES and can.counted:
        _never(reason, report, "the claim is counted `exhaustively`")


def _never(reason: Name, report: Reporter, why: str) -> None:
    message = f"`inconclusive({reason.text})` cannot come: {why}"
    report.error("CS412", message, reason.span, help="expect an outcome that the claim can have")
