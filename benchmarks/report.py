"""What a benchmark measured: rows for people as a table, or as JSON."""

import json
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

QUICK_SECONDS, MOST_RUNS = 0.2, 100
"""A duel runs what takes less time as often as fits in it, at most so often."""


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
) -> Duel:
    """Time both in turn, after a run of each that is not counted; what is quick several times, for its median."""
    counts = [max(1, min(MOST_RUNS, int(QUICK_SECONDS / _seconds(action)))) for action in (ours, peer)]
    times = []
    for _ in range(repeats):
        mine, theirs = (
            statistics.median(_seconds(action) for _ in range(count))
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
    return statistics.median(_seconds(action) for _ in range(repeats))


def _seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def render(name: str, rows: Sequence[Row] | Sequence[Duel]) -> str:
    """The rows as a table of plain text."""
    duels = [row for row in rows if isinstance(row, Duel)]
    plain = [row for row in rows if isinstance(row, Row)]
    table = [("case", "ours", "wanted", "peer", "ratio", "unit", ""), *(_cells(row) for row in plain)]
    if duels:
        table = [("case", "ours ms", "peer ms", "floor ms", "times faster", "wanted"), *(_duel_cells(d) for d in duels)]
    words = (0,) if duels else (0, 5, 6)
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    lines = []
    for line in table:
        cells = zip(line, widths, strict=True)
        lines.append("  ".join(c.ljust(w) if i in words else c.rjust(w) for i, (c, w) in enumerate(cells)).rstrip())
    return "\n".join((name, *lines)) + "\n"


def to_json(name: str, rows: Sequence[Row] | Sequence[Duel]) -> str:
    """`{"name": ..., "rows": [{"case": ..., "ratio": ..., ...}]}`: every field of the rows."""
    entries: list[Mapping[str, object]] = [asdict(row) | {"ratio": row.ratio} for row in rows]
    return json.dumps({"name": name, "rows": entries}, indent=2) + "\n"


def _cells(row: Row) -> tuple[str, ...]:
    return row.case, *(_figure(x) for x in (row.ours, row.wanted, row.peer, row.ratio)), row.unit, row.note


def _duel_cells(duel: Duel) -> tuple[str, ...]:
    return duel.case, *(_figure(x) for x in (duel.ours_ms, duel.peer_ms, duel.floor_ms, duel.ratio, duel.wanted))


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:,.3g}" if value < 1000 else f"{value:,.0f}"
