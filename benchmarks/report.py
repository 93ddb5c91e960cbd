"""What a benchmark measured: rows for people as a table, or as JSON."""

import json
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass


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


def median_seconds(action: Callable[[], object], repeats: int) -> float:
    """The median of some runs, after one that is not counted."""
    action()
    return statistics.median(_seconds(action) for _ in range(repeats))


def _seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def render(name: str, rows: Sequence[Row]) -> str:
    """The rows as a table of plain text."""
    heads = ("case", "ours", "wanted", "peer", "ratio", "unit", "")
    table = [heads, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(heads))]
    lines = []
    for line in table:
        cells = zip(line, widths, strict=True)
        lines.append("  ".join(c.ljust(w) if i in (0, 5, 6) else c.rjust(w) for i, (c, w) in enumerate(cells)).rstrip())
    return "\n".join((name, *lines)) + "\n"


def to_json(name: str, rows: Sequence[Row]) -> str:
    """`{"name": ..., "rows": [{"case": ..., "ours": ..., "ratio": ...}]}`."""
    entries: list[Mapping[str, object]] = [asdict(row) | {"ratio": row.ratio} for row in rows]
    return json.dumps({"name": name, "rows": entries}, indent=2) + "\n"


def _cells(row: Row) -> tuple[str, ...]:
    return row.case, *(_figure(x) for x in (row.ours, row.wanted, row.peer, row.ratio)), row.unit, row.note


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:,.3g}" if value < 1000 else f"{value:,.0f}"
