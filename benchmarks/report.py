"""What a benchmark measured: rows for people as a table, or as JSON."""

import json
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

QUICK_SECONDS, MOST_RUNS = 0.2, 100
"""A duel runs what takes less time as often as fits in it, at most so often."""
SLOW_SECONDS = 30.0
"""What a duel's repeats may take, about, after the first run of each."""


@dataclass(frozen=True)
class Row:
    """One case: what was measured, and, where there is one, the figure that it is held against.

    `ratio` is ours over the figure: below 1 is better for a time (`ms`), above 1 for a rate.
    """

    case: str
    ours: float
    unit: str
    wanted: float | None = None
    peer: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """How ours compares with the peer, else with what is wanted."""
        against = self.peer if self.peer is not None else self.wanted
        return None if not against else self.ours / against


@dataclass(frozen=True)
class Duel:
    """One case of ours against a peer, run in turn: medians in milliseconds, and how many times faster ours is.

    `ratio` is the median of the repeats' own ratios, `wanted` the least that it should be, `floor_ms` what no program
    on this machine could do it in (None: not counted).
    """

    case: str
    ratio: float
    ours_ms: float
    peer_ms: float
    wanted: float | None = None
    floor_ms: float | None = None


def run_duel(
    case: str,
    ours: Callable[[], object],
    peer: Callable[[], object],
    repeats: int,
    wanted: float | None = None,
    floor_ms: float | None = None,
    first: tuple[float, float] | None = None,
) -> Duel:
    """Time both in turn, after a `first` run of each (None: made here); what is quick several times, for its median.

    What is slow is repeated less often; where not even one repeat has time, the first run is all there is.
    """
    first = (seconds(ours), seconds(peer)) if first is None else first
    if sum(first) > SLOW_SECONDS:
        return judge(case, [first], wanted, floor_ms)
    counts = [max(1, min(MOST_RUNS, int(QUICK_SECONDS / taken))) for taken in first]
    round_seconds = sum(count * taken for count, taken in zip(counts, first, strict=True))
    times = []
    for _ in range(max(1, min(repeats, int(SLOW_SECONDS / round_seconds)))):
        mine, theirs = (
            statistics.median(seconds(action) for _ in range(count))
            for action, count in zip((ours, peer), counts, strict=True)
        )
        times.append((mine, theirs))
    return judge(case, times, wanted, floor_ms)


def judge(
    case: str, times: Sequence[tuple[float, float]], wanted: float | None = None, floor_ms: float | None = None
) -> Duel:
    """The medians of timed pairs (ours, peer) in seconds."""
    mine, theirs, ratios = zip(*((a, b, b / a) for a, b in times), strict=True)
    middle = statistics.median
    return Duel(case, middle(ratios), 1e3 * middle(mine), 1e3 * middle(theirs), wanted, floor_ms)


def median_seconds(action: Callable[[], object], repeats: int) -> float:
    """The median of some runs, after one that is not counted."""
    action()
    return statistics.median(seconds(action) for _ in range(repeats))


def seconds(action: Callable[[], object]) -> float:
    """The processor time that a run takes, of all threads: what else the machine does comes and goes."""
    start = time.process_time()
    action()
    return time.process_time() - start


def median_processor_seconds(action: Callable[[], object], repeats: int) -> float:
    """The same of processor time, on which other programs of the machine tell least."""

    def taken() -> float:
        start = time.process_time()
        action()
        return time.process_time() - start

    action()
    return statistics.median(taken() for _ in range(repeats))


def render(name: str, rows: Sequence[Row | Duel]) -> str:
    """The rows as tables of plain text: duels, and what has no peer that is run in turn."""
    duels = [_duel_cells(row) for row in rows if isinstance(row, Duel)]
    plain = [_cells(row) for row in rows if isinstance(row, Row)]
    lines = [name]
    if duels:
        header = ("case", "ours ms", "peer ms", "floor ms", "times faster", "wanted")
        lines += _align([header, *duels], (0,))
    if plain:
        lines += _align([("case", "ours", "wanted", "peer", "ratio", "unit", ""), *plain], (0, 5, 6))
    return "\n".join(lines) + "\n"


def _align(table: Sequence[tuple[str, ...]], words: tuple[int, ...]) -> list[str]:
    """Lines of columns, those of `words` on the left."""
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    lines = []
    for line in table:
        cells = zip(line, widths, strict=True)
        lines.append("  ".join(c.ljust(w) if i in words else c.rjust(w) for i, (c, w) in enumerate(cells)).rstrip())
    return lines


def to_json(name: str, rows: Sequence[Row | Duel]) -> str:
    """`{"name": ..., "rows": [{"case": ..., "ratio": ..., ...}]}`: every field of the rows."""
    entries: list[Mapping[str, object]] = [asdict(row) | {"ratio": row.ratio} for row in rows]
    return json.dumps({"name": name, "rows": entries}, indent=2) + "\n"


def _cells(row: Row) -> tuple[str, ...]:
    return row.case, *(_figure(x) for x in (row.ours, row.wanted, row.peer, row.ratio)), row.unit, row.note


def _duel_cells(duel: Duel) -> tuple[str, ...]:
    return duel.case, *(_figure(x) for x in (duel.ours_ms, duel.peer_ms, duel.floor_ms, duel.ratio, duel.wanted))


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:,.3g}" if value < 1000 else f"{value:,.0f}"
