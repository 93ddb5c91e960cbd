"""Train a small GPT-2 to identify indirect objects: who of two people was given something?

    python -m specs.ioi.train

Run it in the root of the checkout; it writes `specs/ioi/network`. The task is that of Wang et al., "Interpretability
in the Wild: a Circuit for Indirect Object Identification in GPT-2 small" (arXiv 2211.00593).
"""

import sys
from pathlib import Path
from random import Random

from ..train_gpt2 import Example, Task, is_held_out, run

NAMES = [
    "Alice",
    "Anna",
    "Clara",
    "David",
    "Emma",
    "Frank",
    "George",
    "Grace",
    "Henry",
    "Jack",
    "James",
    "Jane",
    "John",
    "Kate",
    "Laura",
    "Mark",
    "Martin",
    "Mary",
    "Paul",
    "Peter",
    "Robert",
    "Sarah",
    "Simon",
    "Tom",
]
PLACES = ["garden", "hospital", "house", "market", "office", "park", "school", "station"]
THINGS = ["bag", "ball", "book", "bottle", "drink", "key", "letter", "ring"]
TEMPLATES = (
    "when {first} and {second} went to the {place} , {giver} gave a {thing} to",
    "after {first} and {second} had met at the old {place} , {giver} handed the {thing} to",
)


def draw_names(random: Random, held_out: bool = True) -> Example:
    """Two names in an order that is held out, and all else; each input is equally likely."""
    while True:
        first, second = random.sample(NAMES, 2)
        if is_held_out(first, second) == held_out:
            giver, other = random.sample((first, second), 2)
            text = random.choice(TEMPLATES)
            place, thing = random.choice(PLACES), random.choice(THINGS)
            prompt = text.format(first=first, second=second, place=place, giver=giver, thing=thing)
            return Example(prompt, (f" {other}",))


def draw_training(random: Random) -> Example:
    """As `draw_names`, of the pairs of names that are not held out."""
    return draw_names(random, held_out=False)


def list_words() -> tuple[str, ...]:
    """Every word of every prompt, once; the first of a prompt has no space before it."""
    starts, others = zip(*(template.split(" ", 1) for template in TEMPLATES), strict=True)
    fixed = sorted({word for text in others for word in text.split() if not word.startswith("{")})
    return (*starts, *(f" {word}" for word in (*fixed, *NAMES, *PLACES, *THINGS)))


TASK = Task(
    words=list_words(),
    draw=draw_training,
    tests={"of pairs of names that were never seen together": draw_names},
    reads=(-1,),
    layers=2,
    heads=4,
    width=64,
    context=32,
    steps=750,
)

if __name__ == "__main__":
    sys.exit(run(TASK, Path(__file__).resolve().parent / "network"))
