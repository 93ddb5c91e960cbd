"""The ledger of decisions: what was said of each claim's content, so that one that changes for no reason shows."""

import json

from ...compiler.plan import DecideStep
from ..results.store import Store
from .decide import check_stable
from .verdicts import Verdict, outcome_text

LEDGER = "decisions.jsonl"


def settle(store: Store, step: DecideStep, verdict: Verdict) -> Verdict:
    """Record a verdict under its step's key, once; `unstable` where another one is recorded there.

    Raises:
        EnvironmentProblem: the ledger cannot be read or written.
    """
    said = outcome_text(verdict.outcome, verdict.reason)
    earlier = _read(store, step.key)
    if said not in earlier:
        store.append(LEDGER, [json.dumps({"decide": step.key, "outcome": said})])
    return check_stable(step, verdict, earlier)


def _read(store: Store, key: str) -> tuple[str, ...]:
    """The outcomes of a key in the order in which they came; lines that are none are passed over."""
    found = []
    for line in store.lines(LEDGER):
        try:
            entry = json.loads(line)
            if entry["decide"] == key:
                found.append(str(entry["outcome"]))
        except (ValueError, KeyError, TypeError):
            continue
    return tuple(found)
