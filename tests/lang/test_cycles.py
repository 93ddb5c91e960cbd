"""Cycles of names, against what plain reachability says, and in linear time."""

from collections.abc import Iterator

from cspec.lang.checks.cycles import cyclic, show_cycle
from hypothesis import given, settings
from hypothesis import strategies as st


def reached(name: str, edges: dict[str, list[str]]) -> set[str]:
    found: set[str] = set()
    pending = list(edges[name])
    while pending:
        other = pending.pop()
        if other not in found:
            found.add(other)
            pending += edges[other]
    return found


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 8), st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7))))
def test_names_that_reach_each_other(size: int, pairs: set[tuple[int, int]]) -> None:
    edges = {f"n{i}": [f"n{b}" for a, b in sorted(pairs) if a == i and b < size] for i in range(size)}
    below = {name: reached(name, edges) for name in edges}
    expected = {frozenset(o for o in edges if o in below[n] and n in below[o]) for n in edges if n in below[n]}
    found = cyclic(edges)
    assert len(found) == len(expected)
    assert {frozenset(names) for names in found} == expected


class Counted(list[str]):
    """A list that counts how often it is gone through."""

    times = 0

    def __iter__(self) -> Iterator[str]:
        type(self).times += 1
        return super().__iter__()


def test_each_name_is_looked_at_once() -> None:
    size = 20_000
    (found,) = cyclic({f"n{i}": Counted([f"n{(i + 1) % size}"]) for i in range(size)})
    assert len(found) == size
    assert Counted.times <= size


def test_a_long_cycle_is_shown_in_short() -> None:
    assert show_cycle(["a", "b", "a"], "reads") == "`a` reads `b` reads `a`"
    names = [f"n{i}" for i in range(100)]
    assert show_cycle([*names, "n0"], "calls").count("calls") == 8
    assert "... (93 more)" in show_cycle([*names, "n0"], "calls")
