"""The scores of an evaluation in the store: chunks of 256 items, appended as an estimate needs more of them.

An artifact holds the chunks from its own index on, as many as were scored together, and is never written again: the
next one goes on where it ends. A chunk is always whole, whatever number of items was asked for, so that it means the
same for every number; only the last one of a stream that has ended may be shorter.
"""

from collections.abc import Callable

from ...compiler.budgets import CHUNK as CHUNK
from ...compiler.keys import content_key
from ..results.store import Store
from .item_scores import ItemScores, join, read_item_scores

Score = Callable[[int, int], ItemScores | None]
"""Scores the items start .. stop-1, or those of them that can be drawn; None where there are none."""


def read_or_score(
    store: Store, evaluation: str, count: int, score: Score, known: ItemScores | None = None
) -> ItemScores | None:
    """The scores of at least the first `count` items of an evaluation, or of all where its stream ends before.

    Args:
        store: scores are read from it as far as it has them; others are scored, and added.
        evaluation: the key of everything but the number of items that the scores depend on.
        count: how many items are needed.
        score: scores items that the store lacks.
        known: the scores of the first items, where they were read before.
    """
    parts = [] if known is None else [known]
    done, wanted = 0 if known is None else len(known), -(-count // CHUNK) * CHUNK
    while done < wanted and done % CHUNK == 0:
        part = _read(store, evaluation, done)
        if part is None:
            part = score(done, wanted)
            if part is None:
                break
            store.save(_key(evaluation, done), part.tensors(), part.document())
        parts.append(part)
        done += len(part)
    return join(parts) if parts else None


def read_stored(store: Store, evaluation: str) -> ItemScores | None:
    """The scores of all items of an evaluation that a store has from the first one on; None where it has none."""
    parts: list[ItemScores] = []
    while (part := _read(store, evaluation, sum(map(len, parts)))) is not None:
        parts.append(part)
    return join(parts) if parts else None


def _read(store: Store, evaluation: str, start: int) -> ItemScores | None:
    stored = None if start % CHUNK else store.load(_key(evaluation, start))
    return None if stored is None else read_item_scores(*stored)


def _key(evaluation: str, start: int) -> str:
    return content_key("scores", 1, evaluation=evaluation, chunk=start // CHUNK)
