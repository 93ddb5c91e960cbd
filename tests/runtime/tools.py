"""A network wired by hand that decides two equalities, and what it computes in plain Python."""

import itertools
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

WIRED = Path(__file__).parents[1] / "docs" / "verdicts" / "wired.safetensors"
SYMBOLS = range(3)
EQUALITY = """
task equality {
  input  w, x, y, z: 0..2
  output same: bool
  tokens [w, x, y, z]
  answer same: { false: 0, true: 1 }
}
model equalities for equality {
  left:  bool = w == x
  right: bool = y == z
  same = left == right
}
"""
"""A task and its model: whether two equalities are equal."""

Input = tuple[int, int, int, int]
Pair = tuple[bool, bool]
"""What layer 2 holds: `w == x` and `y == z`."""


def layer(one: Input) -> Pair:
    w, x, y, z = one
    return w == x, y == z


def answer(pair: Pair) -> bool:
    return pair[0] == pair[1]


def right(base: Input, said: bool) -> int:
    return int(said == answer(layer(base)))


def weighted(score: Callable[[Input, Input], int], changing: Callable[[Input, Input], bool]) -> Fraction:
    """The mean over all bases and sources, the two halves with equal weight."""
    inputs = list(itertools.product(SYMBOLS, repeat=4))
    halves: dict[bool, list[int]] = {True: [], False: []}
    for base, source in itertools.product(inputs, repeat=2):
        halves[changing(base, source)].append(score(base, source))
    return sum((Fraction(sum(h), len(h)) for h in halves.values()), Fraction(0)) / 2


def outputs_differ(base: Input, source: Input) -> bool:
    return answer(layer(base)) != answer(layer(source))


def left_differs(base: Input, source: Input) -> bool:
    return layer(base)[0] != layer(source)[0]


def with_left(base: Input, source: Input) -> bool:
    return answer((layer(source)[0], layer(base)[1]))
