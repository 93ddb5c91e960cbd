"""Looks: when another plan has read a claim's test items before, on ledgers made by hand."""

from pathlib import Path

import pytest
from cspec.compiler.plan import ClaimText, DecideStep
from cspec.runtime.deciding.looks import Look, looked_before, read_looks, record_look
from cspec.runtime.results.store import Store


def step(look: str, *chunks: str) -> DecideStep:
    return DecideStep("key", ClaimText("c", "", "", False, "holds", None), (), (), 0.05, 0.5, None, look, chunks)


def ledger(text: str) -> list[Look]:
    """One look a word: `plan/chunk/look`."""
    return [Look(*word.split("/")) for word in text.split()]


@pytest.mark.parametrize(
    ("lines", "plan", "claim", "before"),
    [
        ("", "p", step("a", "1"), False),
        ("p/1/a", "p", step("a", "1"), False),  # the same file again
        ("p/1/a", "q", step("a", "1"), False),  # the same look in a longer file
        ("p/1/a", "p", step("b", "1"), False),  # another claim of the same file
        ("p/1/a", "q", step("b", "1"), True),  # a changed bound
        ("p/2/a", "q", step("b", "1"), False),  # other items
        ("p/2/a", "q", step("b", "1", "2"), True),  # one of two populations was seen
        ("p/1/a q/1/b", "q", step("b", "1"), True),  # a second look stays one
        ("p/1/a q/1/b", "p", step("a", "1"), False),  # and the first one too
        ("p/1/a q/1/b", "r", step("a", "1"), False),
        ("p/1/a q/1/b", "r", step("b", "1"), True),
        ("p/1/a p/1/b q/1/b", "q", step("b", "1"), False),  # looked together with `a` when it first looked
        ("q/1/b p/1/a", "r", step("a", "1"), True),
        ("p/1/a p/2/a q/2/b", "q", step("b", "2"), True),
        ("p/2/b q/1/a p/1/b", "p", step("b", "1", "2"), True),  # late on one of its populations
    ],
)
def test_looked_before(lines: str, plan: str, claim: DecideStep, before: bool) -> None:
    assert looked_before(ledger(lines), plan, claim) == before


def test_a_look_is_recorded_once_for_each_of_its_chunks(tmp_path: Path) -> None:
    store = Store(tmp_path)
    looks = read_looks(store)
    assert looks == []
    record_look(store, looks, "p", step("a", "1", "2"))
    assert looks == read_looks(store) == ledger("p/1/a p/2/a")
    record_look(store, looks, "p", step("a", "1", "2"))
    record_look(store, looks, "p", step("a", "2", "3"))
    assert looks == read_looks(store) == ledger("p/1/a p/2/a p/3/a")
    record_look(store, looks, "q", step("a", "1"))
    assert looks == read_looks(store) == ledger("p/1/a p/2/a p/3/a q/1/a")


def test_lines_that_are_no_look_are_passed_over(tmp_path: Path) -> None:
    store = Store(tmp_path)
    record_look(store, [], "p", step("a", "1"))
    store.append("looks.jsonl", ["", "[]", "7", '{"plan": "q"}', '{"plan": "q", "chunk": "1", "lo'])
    record_look(store, [], "r", step("a", "1"))
    assert read_looks(store) == ledger("p/1/a r/1/a")
