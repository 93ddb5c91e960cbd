"""What a search scored, as a heat map: sites from the last to the first, positions from the left to the right."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from .draw_models import Panel
from .svg import LINE, line, rectangle, text, width_of

CELL = 26.0
NARROWEST = 64.0
HOT = 0.6
"""From this darkness on a cell is dark enough for light digits."""

_SITE = re.compile(r'(\w+(?:\("[^"]*"\))?(?:\[[^\]]*\])?)(?: @ )?(.*)')


def split_place(place: str) -> tuple[str, str]:
    """An alternative's site and all else: of `resid_post[0] @ last size 8` these are `resid_post[0]`, `last size 8`."""
    found = _SITE.fullmatch(place)
    return (found[1], found[2].strip()) if found else (place, "")


def draw_search(search: Mapping[str, Any]) -> Panel:
    """One search. A cell that was not searched stays empty; it is no zero."""
    rows: Sequence[Mapping[str, Any]] = search["rows"]
    cells = {split_place(row["place"]): row for row in rows}
    sites = list(dict.fromkeys(site for site, _ in cells))[::-1]
    others = _without_common_end(list(dict.fromkeys(other for _, other in cells)))
    shown, common = others
    left = max(map(width_of, sites)) + 12
    widths = [max(NARROWEST, width_of(label) + 12) for label in shown.values()]
    head = f"search of {search['estimand']} for {', '.join(search['variables'])}{common}"
    steps = sorted({row["steps"] for row in rows if row["select"] is not None})
    tried = (
        f", {steps[0]:,} to {steps[-1]:,} steps" if len(steps) > 1 else f", {steps[0]:,} steps" if any(steps) else ""
    )
    legend = f"best scores on select, not corrected{tried}"
    content = [text(0, 12, head, "head"), text(0, 12 + LINE, legend, "quiet")]
    top, scale = 24 + LINE, _scale([row["select"] for row in rows if row["select"] is not None])
    for i, site in enumerate(sites):
        y = top + CELL * i
        content.append(text(left - 10, y + CELL / 2 + 4, site, "end"))
        x = left
        for other, width in zip(shown, widths, strict=True):
            content += _cell(cells.get((site, other)), x, y, width, scale)
            x += width
    below = top + CELL * len(sites)
    x = left
    for label, width in zip(shown.values(), widths, strict=True):
        content.append(text(x + width / 2, below + 15, label, "middle"))
        x += width
    return Panel(max(x, width_of(head), width_of(legend)), below + LINE + 6, content)


def _scale(scores: Sequence[float]) -> tuple[float, float]:
    """What is white and what is dark: 0 and 1, and further where scores lie outside, as effects may."""
    return min([0.0, *scores]), max([1.0, *scores])


def _cell(row: Mapping[str, Any] | None, x: float, y: float, width: float, scale: tuple[float, float]) -> list[str]:
    if row is None:
        return [rectangle(x + 2, y + 2, width - 4, CELL - 4, "none")]
    if row["select"] is None:
        return [
            rectangle(x + 2, y + 2, width - 4, CELL - 4, "none"),
            line(x + 8, y + CELL - 6, x + width - 8, y + 6, "rule"),
        ]
    score, (low, high) = row["select"], scale
    dark = (score - low) / (high - low)
    drawn = [
        rectangle(x, y, width, CELL, "cell", opacity=0.04 + 0.9 * dark),
        text(x + width / 2, y + CELL / 2 + 4, f"{score:.3f}", "middle hot" if dark >= HOT else "middle"),
    ]
    if row["chosen"]:
        drawn.append(rectangle(x + 1.5, y + 1.5, width - 3, CELL - 3, "chosen"))
    return drawn


def _without_common_end(labels: Sequence[str]) -> tuple[dict[str, str], str]:
    """The columns' labels, and the size that they share, which is said once."""
    sizes = {re.sub(r"^.*?(size \w+)?$", r"\1", label) for label in labels}
    (size,) = sizes if len(sizes) == 1 else ("",)
    if not size:
        return {label: label for label in labels}, ""
    return {label: label.removesuffix(size).strip() for label in labels}, f", {size}"
