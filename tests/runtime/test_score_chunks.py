"""Chunks of scores in a store: nothing is scored twice, nothing is rewritten, and a prefix is a prefix."""

from pathlib import Path

import pytest
import torch
from cspec.runtime.results.store import Store
from cspec.runtime.scoring.item_scores import ItemScores
from cspec.runtime.scoring.score_chunks import CHUNK, read_or_score


def items(start: int, stop: int) -> ItemScores:
    """Scores that tell which item they are of."""
    numbers = torch.arange(start, stop)
    odd = numbers % 2 == 1
    return ItemScores(
        numbers.int(), numbers.float(), -numbers.float(), odd, ~odd, odd, None, None, (-1e6, 1e6), binary=False
    )


class Scorer:
    """Scores a stream of `length` items and notes what it was asked for."""

    def __init__(self, length: int = 10**9) -> None:
        self.length = length
        self.asked: list[tuple[int, int]] = []

    def __call__(self, start: int, stop: int) -> ItemScores | None:
        self.asked.append((start, stop))
        return items(start, min(stop, self.length)) if start < self.length else None


def read(store: Store, count: int, scorer: Scorer, known: ItemScores | None = None, key: str = "e") -> ItemScores:
    found = read_or_score(store, key, count, scorer, known)
    assert found is not None
    return found


def files(store: Store) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in store.folder.rglob("*.safetensors")}


def same(found: ItemScores, start: int, stop: int) -> bool:
    expected = items(start, stop).tensors()
    return all(torch.equal(tensor, expected[name]) for name, tensor in found.tensors().items())


def test_growing_scores_only_what_is_new_and_rewrites_nothing(tmp_path: Path) -> None:
    store, scorer = Store(tmp_path), Scorer()
    known: ItemScores | None = None
    for count in (256, 512, 1024, 2048):
        before = files(store)
        known = read(store, count, scorer, known)
        assert same(known, 0, count)
        assert before.items() <= files(store).items()
    assert scorer.asked == [(0, 256), (256, 512), (512, 1024), (1024, 2048)]


def test_what_is_stored_is_not_scored_again(tmp_path: Path) -> None:
    store, first, second = Store(tmp_path), Scorer(), Scorer()
    read(store, 256, first)
    read(store, 1024, first)
    again = read(store, 1024, second)
    assert second.asked == []
    assert same(again, 0, 1024)
    read(store, 1025, second)
    assert second.asked == [(1024, 1280)]


def test_chunks_are_whole_whatever_number_is_asked_for(tmp_path: Path) -> None:
    store, scorer = Store(tmp_path), Scorer()
    assert same(read(store, 1000, scorer), 0, 1024)
    assert same(read(store, 1000, scorer).first(1000), 0, 1000)
    read(store, 2000, scorer)
    assert scorer.asked == [(0, 1024), (1024, 2048)]


@pytest.mark.parametrize("length", [100, 2 * CHUNK, 2 * CHUNK + 7])
def test_a_stream_that_ends_gives_what_it_has(tmp_path: Path, length: int) -> None:
    store, scorer = Store(tmp_path), Scorer(length)
    assert same(read(store, 4000, scorer), 0, length)
    again = Scorer(length)
    assert same(read(store, 4000, again), 0, length)
    assert all(start == length for start, _ in again.asked)  # at a chunk's border, whether there is more is asked anew
    assert read_or_score(store, "nothing", 100, Scorer(0)) is None


def test_evaluations_are_kept_apart(tmp_path: Path) -> None:
    store = Store(tmp_path)
    read(store, 256, Scorer())
    other = Scorer()
    read(store, 256, other, key="another")
    assert other.asked == [(0, 256)]


def test_a_damaged_chunk_is_scored_again_and_the_later_ones_are_kept(tmp_path: Path) -> None:
    store, scorer = Store(tmp_path), Scorer()
    known: ItemScores | None = None
    for count in (256, 512, 1024):
        known = read(store, count, scorer, known)
    sound = files(store)
    (damaged,) = [path for path, data in sound.items() if len(data) and _first_item(store, path) == 256]
    damaged.write_bytes(sound[damaged][:-1])
    mended = Scorer()
    assert same(read(store, 512, mended), 0, 512)
    assert mended.asked == [(256, 512)]
    now = files(store)
    assert set(now) == set(sound)
    assert {path for path in now if now[path] != sound[path]} <= {damaged}  # written anew: metadata in any order
    assert same(read(store, 1024, mended), 0, 1024)
    assert mended.asked == [(256, 512)]


def _first_item(store: Store, path: Path) -> int:
    loaded = store.load(path.stem)
    assert loaded is not None
    return int(loaded[0]["cell"][0])
