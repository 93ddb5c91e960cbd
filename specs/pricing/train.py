"""Train a small GPT-2 on price tagging: is a cost between two bounds?

    python -m specs.pricing.train

Run it in the root of the checkout; it writes `specs/pricing/network`. The template is that of Wu et al.,
"Interpretability at Scale: Identifying Causal Mechanisms in Alpaca" (arXiv 2305.08809), in whole dollars.
"""

import sys
from pathlib import Path
from random import Random

from ..train_gpt2 import Example, Task, is_held_out, run

NUMBERS = 100
WORDS = "say yes only if it costs between and dollars . no"


def draw_bounds(random: Random) -> tuple[int, int]:
    """The lower and the higher bound, each pair equally likely."""
    low, high = sorted(random.sample(range(NUMBERS), 2))
    return low, high


def draw_uniform(random: Random, held_out: bool = True) -> Example:
    """Bounds and cost, each input equally likely."""
    while True:
        low, high = draw_bounds(random)
        cost = random.randrange(NUMBERS)
        if is_held_out(low, high, cost) == held_out:
            return write_example(low, high, cost)


def draw_balanced(random: Random, held_out: bool = True) -> Example:
    """Bounds and cost; the answer is yes in half of the inputs, and each input of an answer is equally likely."""
    answer = random.choice((" yes", " no"))
    while True:
        example = draw_uniform(random, held_out)
        if example.answers == (answer,):
            return example


def draw_training(random: Random) -> Example:
    """As `draw_balanced`, of the inputs that are not held out."""
    return draw_balanced(random, held_out=False)


def write_example(low: int, high: int, cost: int) -> Example:
    """The prompt and its answer."""
    prompt = f"say yes only if it costs between {low} and {high} dollars . it costs {cost} dollars ."
    return Example(prompt, (" yes" if low <= cost <= high else " no",))


TASK = Task(
    # The first word of the prompt has no space before it.
    words=("say", *(f" {word}" for word in WORDS.split()), *(f" {number}" for number in range(NUMBERS))),
    draw=draw_training,
    tests={"all equally likely": draw_uniform, "half of them to be answered yes": draw_balanced},
    reads=(-1,),
    layers=2,
    heads=4,
    width=64,
    context=32,
    steps=2_000,
)

if __name__ == "__main__":
    sys.exit(run(TASK, Path(__file__).resolve().parent / "network"))
