"""Controls as a table: what each one reached, and what `holds` needs of it."""

from collections.abc import Collection, Sequence

from ..runtime.deciding.verdicts import ControlRow
from .page import INDENT, Page, Style, interval, number

GAP = "  "
HEADS = ("controls", "value", "interval")


def render_controls(rows: Sequence[ControlRow], page: Page, said: Collection[ControlRow] = ()) -> list[str]:
    """The controls of a verdict, a table for each estimand.

    Those that are `said` elsewhere are left out, but never one that takes this verdict back.
    """
    lines: list[str] = []
    quantities = dict.fromkeys(row.quantity for row in rows)
    for quantity in quantities:
        own = [row for row in rows if row.quantity == quantity and (row.met is False or row not in said)]
        of = f" of {quantity}" if len(quantities) > 1 else ""
        lines += _table([row for row in own if row.estimate is not None], of, page)
        lines += _not_run([row for row in own if row.estimate is None], of, page)
    return lines


def _table(rows: Sequence[ControlRow], of: str, page: Page) -> list[str]:
    """Name, value, interval and need in aligned columns; a long need goes on in its own column."""
    if not rows:
        return []
    cells = [(row.name, "" if row.estimate is None else number(row.estimate), _interval(row)) for row in rows]
    widths = [max(len(head), *(len(cell[i]) for cell in cells)) for i, head in enumerate(HEADS)]
    needs = [_need(row) for row in rows]
    lines = page.wrap(f"controls{of}", INDENT) if of else []
    lines += _line(("", *HEADS[1:]) if of else HEADS, widths, [("needed for holds", "")], page)
    for cell, need in zip(cells, needs, strict=True):
        lines += _line(cell, widths, need, page)
    return lines


def _line(cells: Sequence[str], widths: Sequence[int], need: list[tuple[str, Style]], page: Page) -> list[str]:
    start = " " * INDENT + GAP.join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)) + GAP
    column = Page(page.width - len(start), page.color).wrap_styled(need, deeper=0)
    return [start + column[0], *(" " * len(start) + line for line in column[1:])]


def _interval(row: ControlRow) -> str:
    if row.low is None or row.high is None:
        return ""
    return "exact" if row.method == "exact" else interval(row.low, row.high)


def _need(row: ControlRow) -> list[tuple[str, Style]]:
    if row.met is None:
        return [("noted", "")]
    return [(f"{row.needed}: ", ""), ("yes", "good") if row.met else ("no", "bad")]


def _not_run(rows: Sequence[ControlRow], of: str, page: Page) -> list[str]:
    """One line for each reason."""
    lines = []
    for why in dict.fromkeys(row.why for row in rows):
        names = ", ".join(row.name for row in rows if row.why == why)
        lines += page.wrap(f"controls not run{of}: {names} ({why})", INDENT)
    return lines
