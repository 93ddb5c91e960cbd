"""Train a small GPT-2 on addition: two numbers of three digits, the ones first.

    python -m specs.addition.train

Run it in the root of the checkout; it writes `specs/addition/network`. A digit of the sum is said after the digit of
the second number that stands in its column, and the last carry after the equals sign.
"""

import sys
from pathlib import Path
from random import Random

from ..train_gpt2 import Example, Task, is_held_out, run

COLUMNS = 3
CHAINED = 0.15
"""The share of training columns that are made to add up to nine, so that long chains of carries are met often."""


def draw_uniform(random: Random) -> Example:
    """Two numbers that are held out, each pair equally likely."""
    while True:
        a, b = ([random.randrange(10) for _ in range(COLUMNS)] for _ in range(2))
        if is_held_out(*a, *b):
            return write_example(a, b)


def draw_training(random: Random) -> Example:
    """Two numbers that are not held out."""
    while True:
        a = [random.randrange(10) for _ in range(COLUMNS)]
        b = [9 - digit if random.random() < CHAINED else random.randrange(10) for digit in a]
        if not is_held_out(*a, *b):
            return write_example(a, b)


def write_example(a: list[int], b: list[int]) -> Example:
    """The prompt, and the digits of the sum."""
    total = sum((x + y) * 10**column for column, (x, y) in enumerate(zip(a, b, strict=True)))
    digits = [total // 10**column % 10 for column in range(COLUMNS + 1)]
    return Example(f"{' '.join(map(str, a))} + {' '.join(map(str, b))} =", tuple(f" {digit}" for digit in digits))


TASK = Task(
    # The first digit of the prompt has no space before it.
    words=(*(f"{digit}" for digit in range(10)), *(f" {digit}" for digit in range(10)), " +", " ="),
    draw=draw_training,
    tests={"all equally likely": draw_uniform},
    reads=(-4, -3, -2, -1),
    layers=2,
    heads=4,
    width=64,
    context=16,
    steps=1_500,
)

if __name__ == "__main__":
    sys.exit(run(TASK, Path(__file__).resolve().parent / "network"))
