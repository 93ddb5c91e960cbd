"""What an estimand came to on its items, as text: raw counts by set and half, what the pairs alone give, near ties."""

from ..runtime.deciding.verdicts import CellRow, QuantityRow
from .page import INDENT, Page, columns

HALVES = {
    "changing": "label changes",
    "keeping": "label stays",
    "exposed": "label stays where a leak would show",
}
EFFECTS = ("effect(", "change(")


def render_counts(quantity: QuantityRow, page: Page, alone: bool) -> list[str]:
    """The counts of one estimand; `alone` tells that no control says what the pairs alone give."""
    lines: list[str] = []
    if quantity.no_op is not None:
        lines += _cells(quantity, page)
        if alone:
            lines += _say(page, f"pairs alone: no-op {quantity.no_op:.3f}, full swap {quantity.full_swap:.3f}")
        lines += _accuracy(quantity, page)
    elif quantity.text.startswith(EFFECTS):
        if quantity.binary:
            lines += _say(page, f"the two runs differ on {quantity.right:,} of {quantity.n:,} items")
        lines += _accuracy(quantity, page)
    elif quantity.binary:
        what = "reads" if quantity.families else "inputs answered"
        lines += _say(page, f"{quantity.right:,} of {quantity.n:,} {what} right")
    if quantity.reads_right is not None:
        lines += _say(page, f"the variable is read right on {quantity.reads_right:.4f} of the bases")
    if quantity.among and quantity.full_vocabulary != quantity.estimate:
        lines += _say(page, f"scored among the declared answers; over all classes {quantity.full_vocabulary:.4f}")
    if quantity.unseen is not None:
        lines += _say(page, f"without inputs of fit: {quantity.unseen[0]:.4f} of {quantity.unseen[1]:,} items")
    if quantity.clipped:
        low, high = quantity.range
        lines += _say(page, f"{quantity.clipped:,} of {quantity.n:,} values were cut to {low:g} .. {high:g}")
    if quantity.near_ties:
        near = "two best logits closer than 1e-4" if quantity.reads_right is None else "two values that are as near"
        lines += _say(page, f"{quantity.near_ties:,} items have {near}")
    return lines


def _accuracy(quantity: QuantityRow, page: Page) -> list[str]:
    """How often the network is right on the items' bases; of a generated answer nothing is right or wrong."""
    if quantity.network_accuracy is None:
        return []
    return _say(page, f"the network answers {quantity.network_accuracy:.4f} of the bases right")


def _say(page: Page, text: str) -> list[str]:
    return page.wrap(text, INDENT)


def _cells(quantity: QuantityRow, page: Page) -> list[str]:
    """A row for each interchanged set, a column for each half; one below the other where that is too wide."""
    sets = list(dict.fromkeys(cell.set for cell in quantity.cells))
    halves = [half for half in HALVES if any(cell.half == half and cell.n for cell in quantity.cells)]
    found = {(cell.set, cell.half): cell for cell in quantity.cells if cell.n}
    rows = [["interchanged", *(HALVES[half] for half in halves)]]
    for half in halves:
        longest = max((len(_count(found[s, half])) for s in sets if (s, half) in found), default=0)
        for s in sets:
            if len(rows) <= sets.index(s) + 1:
                rows.append(["{" + ", ".join(s) + "}"])
            cell = found.get((s, half))
            rows[sets.index(s) + 1].append("" if cell is None else f"{_count(cell):<{longest}}  {_share(cell)}")
    lines = [line.rstrip() for line in columns(rows, INDENT)]
    if max(map(len, lines)) <= page.width:
        return lines
    stacked = []
    for row in rows[1:]:
        stacked += page.wrap(f"interchanged {row[0]}", INDENT)
        for half, text in zip(halves, row[1:], strict=True):
            stacked += page.wrap(f"{HALVES[half]}: {' '.join(text.split())}", INDENT + 2) if text else []
    return stacked


def _count(cell: CellRow) -> str:
    return f"{cell.right:,}/{cell.n:,}"


def _share(cell: CellRow) -> str:
    return f"{cell.right / cell.n:.3f}"
