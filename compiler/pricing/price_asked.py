"""What it costs to run what a score asks for, on all items: reads, interventions, answers, and natural inputs."""

from ..budgets import CHUNK
from ..count_runs import Asked
from .plan_rows import Rows
from .prices import Price
from .running import Network
from .runs import Runs


def price_asked(runs: Runs, asked: Asked, rows: Rows, early: int) -> None:
    """All runs that a score asks for, of every item; edited ones without so many `early` positions."""
    price_reads(runs, asked, rows)
    for role, stage in asked.bases:
        runs.begin(rows, role, stage, early=early)
        runs.intervene(rows.count, stage, early=early)
    for stage in asked.fed:  # inputs of their own: no other step runs them
        if stage < 0:
            whole = runs.weight.run(0, runs.weight.last) + runs.costs.heads()
            runs.spend(Price(clean=rows.count, flops=rows.count * whole))
            continue
        if runs.schedule.suffixes:
            runs.spend(runs.clean(rows.count, stage))
        runs.intervene(rows.count, stage)
    for role in asked.answers:
        runs.answer(rows, role)


def price_reads(runs: Runs, asked: Asked, rows: Rows) -> None:
    """What is read in unedited runs; inputs that are no bases are read as they are encoded."""
    kept = runs.schedule.captured  # what is kept once costs nothing more
    for role, stage in dict.fromkeys(asked.reads) if kept and rows.are_listed else asked.reads:
        reading = runs if role == 0 or runs.part_of is None else runs.part_of
        reading.read(rows, role, stage, rows.count, passed=asked.passed_by(role))
    for stage in asked.fed_reads:  # inputs of their own: no other step runs them
        runs.spend(runs.clean(rows.count, stage))


def price_elsewhere(runs: Runs, network: Network, rows: Rows, stage: int) -> None:
    """Unedited runs of the bases on another network, which are read at a stage."""
    other = runs.part(network)
    other.read(rows, 0, stage, rows.count)
    runs.spend(other.own)


def price_moved(runs: Runs, network: Network, asked: Asked, rows: Rows, natural: Rows) -> None:
    """Sources that are read on another network, and there the natural inputs on which their maps are fitted."""
    other = runs.part(network)
    for role, stage in asked.reads:
        other.read(rows, role, stage, rows.count, passed=asked.passed_by(role))
    price_natural(other, asked, natural, 1)
    runs.spend(other.own)


def price_natural(runs: Runs, asked: Asked, rows: Rows, scored: int) -> None:
    """Natural inputs, the bases of `rows`: read once, or with each batch of the items that are scored."""
    batches = 1 if runs.schedule.captured else _batches(runs, scored)
    for stage in asked.natural:
        runs.read(rows, 0, stage, batches * rows.count)


def _batches(runs: Runs, count: int) -> int:
    """The batches in which items are scored at most: each look is one or more."""
    looks, size = 1, CHUNK
    while size < count:
        looks, size = looks + 1, 2 * size
    return looks + count // runs.schedule.at_once
