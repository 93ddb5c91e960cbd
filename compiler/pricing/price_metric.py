"""What it costs to run what a metric asks for, on all items: texts that are fed, and texts that are generated."""

from collections.abc import Mapping

import numpy as np

from ..causal_model import Codes
from ..count_runs import Asked, AskedMetric
from ..keys import content_key
from ..optimising.wanted import reads_backwards
from ..terms import Run, inputs_read
from .distinct_inputs import hash_inputs
from .plan_rows import Rows
from .price_asked import price_asked, price_reads
from .prices import Price
from .runs import Runs


def price_metric(
    runs: Runs, asked: AskedMetric, rows: Rows, early: int, has_output: bool, replied: Mapping[Run, Codes]
) -> None:
    """All runs that a metric asks for, of every item, and whether the bases are answered right.

    Nothing is generated for inputs of which the text is there, `replied` by run.
    """
    if runs.weight.forced:
        _follow(runs, "", 1, asked.plain, rows, early)
    else:
        price_asked(runs, asked.plain, rows, early)
    for text, tokens, followed in asked.texts:
        _follow(runs, content_key("text", 1, text=text), tokens, followed, rows, early)
    if asked.limit:
        price_generation(runs, asked.generated, rows, asked.limit, replied)
    if has_output:
        price_asked(runs, Asked(answers=[0]), rows, early)


def _follow(runs: Runs, text: str, tokens: int, asked: Asked, rows: Rows, early: int) -> None:
    """Runs that are fed a text of so many tokens behind each prompt."""
    longer = runs.part(runs.network.following(text, tokens))
    price_asked(longer, asked, rows, early)
    runs.spend(longer.own)
    runs.network.most_numbers = max(runs.network.most_numbers, longer.network.most_numbers)


def price_generation(runs: Runs, asked: Asked, rows: Rows, limit: int, replied: Mapping[Run, Codes]) -> None:
    """Runs for each of at most `limit` tokens; what they read elsewhere is read once.

    Where keys and values are kept a token is run once, else with all before it. Where nothing is set, an input's
    text is generated once, whichever step asks for it.
    """
    weight = runs.weight
    price_reads(runs, asked, rows)
    kept = runs.schedule.prefixes and reads_backwards(runs.network.source)
    positions = sum(weight.positions + step if step == 0 or not kept else 1 for step in range(limit))
    flops = weight.run(0, weight.last) * positions // weight.positions
    flops += limit * weight.answer() // max(1, weight.heads)
    edited = len(asked.bases) + sum(stage >= 0 for stage in asked.fed)
    fed, left = sum(stage < 0 for stage in asked.fed), _left(asked, rows, replied)
    runs.spend(Price(forward=edited * limit * left, flops=edited * left * flops))
    runs.spend(Price(clean=fed * limit * rows.count, flops=fed * rows.count * flops))
    for role in asked.answers:
        hashes, where = rows.hashes(role), (f"{runs.network.key} generates", runs.network.encoding, limit)
        for run, inputs in replied.items():
            if not run.assignments:
                runs.seen.add(where, runs.seen.new(where, hash_inputs(inputs[:, 0], runs.network.encoding)))
        new = None if hashes is None else runs.seen.new(where, hashes)
        if new is not None:
            runs.seen.add(where, new)
        count = rows.most if new is None else len(new)
        runs.spend(Price(clean=limit * count, flops=count * flops))
    runs.hold(rows.count)


def _left(asked: Asked, rows: Rows, replied: Mapping[Run, Codes]) -> int:
    """The items of which some edited run has no text yet, at most: runs whose inputs are set count as new."""
    edited = [run for run in replied if run.assignments]
    if rows.drawn is None or asked.fed or len(edited) != len(asked.bases):
        return rows.count
    left = np.zeros(rows.count, dtype=np.bool_)
    for run in edited:
        there = {item.tobytes() for item in replied[run]}
        left |= [item.tobytes() not in there for item in rows.drawn[:, list(inputs_read(run))]]
    return int(left.sum())
