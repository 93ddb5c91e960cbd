"""What runs may spend: checks of a training, runs of a search for dims, rungs of a search for sites, memory.

Runs keep to these numbers, and plans are priced by them before anything runs.
"""

CHECKS = 20
"""How often a training looks at `select` at most, spread evenly over its steps."""
SOFTENED = 0.75
"""The part of a training's steps after which learned sizes no longer soften."""
SUBSAMPLE = 1024
"""Items of `fit` that each choice of dims is scored on."""
KEPT = 3
"""Of the alternatives of a searched line one in three goes on, with three times the steps."""
FEWEST_STEPS = 50
"""No rung of a search for sites is shorter."""

CAPTURE_ROOM = 1 << 30
"""Bytes of activations that are held in memory, about, of all networks together; of one stage of one network a quarter
at most, more go to files."""
SOURCE_ROOM = 1 << 28
"""Bytes of sources that are kept for a batch that is asked again and again."""
ROWS_AT_ONCE = 8192
"""Inputs that a network is given at once, at most."""
NUMBERS_AT_ONCE = 1 << 25
"""Numbers that a run of a transformer may hold at once, about."""
CHUNK = 256
"""Scores are kept in whole chunks of so many items; the first look at a claim is one."""


def count_at_once(width: int, vocabulary: int) -> int:
    """How many inputs a transformer is given at once: each holds its logits and a layer's activations at 64 positions.

    The activations of a layer are taken as eight times its width.
    """
    return max(1, min(ROWS_AT_ONCE, NUMBERS_AT_ONCE // (vocabulary + 64 * 8 * max(width, 64))))


def count_looks(steps: int, batch: int, select: int) -> int:
    """How often a training looks at so many items of `select`: all looks together cost no more than its steps.

    A step is worth three runs forward of its batch. `CHECKS` at most, and one at least, at the end.
    """
    return max(1, min(CHECKS, 3 * steps * batch // max(1, select)))


def check_steps(steps: int, looks: int, softened: bool) -> list[int]:
    """After which steps a training looks at `select`: while learned sizes are `softened` no score would count."""
    evenly = sorted({max(1, round(steps * (look + 1) / looks)) for look in range(looks)})
    return [taken for taken in evenly if not softened or taken >= SOFTENED * steps]


def rung_steps(steps: int, alternatives: int, trained: bool) -> list[int]:
    """The steps of each rung, the last with the whole budget; maps without steps need one rung alone."""
    rungs = [steps]
    while trained and alternatives > KEPT and rungs[0] // KEPT >= FEWEST_STEPS:
        alternatives = count_kept(alternatives)
        rungs.insert(0, rungs[0] // KEPT)
    return rungs


def count_kept(alternatives: int) -> int:
    """How many of the alternatives of a rung go on."""
    return max(1, -(-alternatives // KEPT))


def count_choices(dim: int, sizes: tuple[int, ...]) -> int:
    """How many choices of dims the two searches of one frame score at most: dim by dim, and window by window."""
    taken = sum(sizes)
    return sum(dim - i for i in range(taken)) + sum(dim - size + 1 for size in sizes)
