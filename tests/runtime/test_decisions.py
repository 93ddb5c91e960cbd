"""The ledger of decisions: recorded once, and a verdict that changes on the same content stays unstable."""

import json
from dataclasses import replace
from pathlib import Path

from cspec.compiler.plan import ClaimText, DecideStep
from cspec.runtime.deciding.decisions import LEDGER, settle
from cspec.runtime.deciding.verdicts import Verdict
from cspec.runtime.results.store import Store

HOLDS = Verdict("c", "", "", "holds", None, "statistical", "holds", "met", 0.05, (), (), (), ())
REFUTED = replace(HOLDS, outcome="refuted", expectation="failed")


def step(key: str = "a") -> DecideStep:
    return DecideStep(key, ClaimText("c", "", "", False, "holds", None), (), (), 0.05, 0.5, None, "look", ())


def said(store: Store) -> list[tuple[str, str]]:
    return [(line["decide"], line["outcome"]) for line in map(json.loads, store.lines(LEDGER))]


def test_the_same_verdict_again_is_recorded_once(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert settle(store, step(), HOLDS) == settle(store, step(), HOLDS) == HOLDS
    assert settle(store, step("b"), REFUTED) == REFUTED
    assert said(store) == [("a", "holds"), ("b", "refuted")]


def test_a_verdict_that_changed_stays_unstable(tmp_path: Path) -> None:
    store = Store(tmp_path)
    settle(store, step(), HOLDS)
    for verdict in (REFUTED, HOLDS, HOLDS):
        found = settle(store, step(), verdict)
        assert (found.outcome, found.reason) == ("inconclusive", "unstable")
        assert "holds" in found.notes[-1]
        assert "refuted" in found.notes[-1]
    assert said(store) == [("a", "holds"), ("a", "refuted")]


def test_lines_that_are_no_decision_are_passed_over(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.append(LEDGER, ["", "[]", '{"decide": "a"}', '{"decide": "a", "outco'])
    assert settle(store, step(), HOLDS) == HOLDS
    assert settle(store, step(), REFUTED).reason == "unstable"
