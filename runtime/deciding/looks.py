"""The ledger of looks: which claims have read which test chunks, so that a second look is graded `exploratory`.

A fixed-size test read again and again until it pleases is no test (raising the size after a failure gave 11.9 % false
`holds`). A look is a claim's evaluations and bounds; the claims of one plan share their error budget and look together.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from ...compiler.plan import DecideStep
from ..results.store import Store

LEDGER = "looks.jsonl"


@dataclass(frozen=True)
class Look:
    """One line of the ledger."""

    plan: str
    chunk: str
    look: str


def looked_before(looks: Iterable[Look], plan: str, step: DecideStep) -> bool:
    """Whether another plan read one of the claim's test chunks with another look, before this look was first taken."""
    for chunk in step.chunks:
        earlier: set[str] = set()
        for line in looks:
            if line.chunk != chunk:
                continue
            if line.look == step.look:
                if earlier - {line.plan}:
                    return True
                break
            earlier.add(line.plan)
        else:
            if earlier - {plan}:
                return True
    return False


def read_looks(store: Store) -> list[Look]:
    """The ledger; lines that are no look (a write that was cut short) are passed over."""
    looks = []
    for line in store.lines(LEDGER):
        try:
            entry = json.loads(line)
            looks.append(Look(entry["plan"], entry["chunk"], entry["look"]))
        except (ValueError, KeyError, TypeError):
            continue
    return looks


def record_look(store: Store, looks: list[Look], plan: str, step: DecideStep) -> None:
    """Add a claim's look at each of its chunks, once."""
    fresh = [Look(plan, chunk, step.look) for chunk in step.chunks]
    fresh = [look for look in fresh if look not in looks]
    looks += fresh
    store.append(LEDGER, [json.dumps({"plan": f.plan, "chunk": f.chunk, "look": f.look}) for f in fresh])
