"""The claims of a spec and what came out: every inequality with its interval, its bound, and where it claims to lie."""

import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..page import interval, number
from .draw_models import Panel
from .svg import LINE, dot, line, rectangle, text, width_of

TEXT_COLUMNS, AXIS, NUMBERS = 52, 210.0, 165.0


def draw_claims(claims: Sequence[Mapping[str, Any]]) -> Panel:
    """A block for each claim: its name and outcome, and for each inequality its text, interval and numbers."""
    low, high = _axis([part for claim in claims for part in claim.get("parts", ())])
    left = width_of("x" * TEXT_COLUMNS) + 16
    beside = left + AXIS + 24

    def place(value: float) -> float:
        return left + AXIS * (min(max(value, low), high) - low) / (high - low)

    content = [text(0, 12, "claims", "head")]
    top = 22.0
    for claim in claims:
        parts: Sequence[Mapping[str, Any]] = claim.get("parts", ())
        content += [line(0, top, beside + NUMBERS, top, "rule"), text(0, top + 17, claim["claim"], "head")]
        content.append(text(beside, top + 17, _outcome(claim), claim.get("outcome", "quiet")))
        top += LINE
        texts = [part["text"] for part in parts] if len(parts) > 1 else [claim["text"]]
        for i, said in enumerate(texts):
            lines = textwrap.wrap(said, TEXT_COLUMNS, break_on_hyphens=False)
            content += [text(0, top + 17 + LINE * j, one, "quiet") for j, one in enumerate(lines)]
            if parts:
                content += _part(parts[i], claim["outcome"], place, (low, high), top + 13)
                low_end, high_end = parts[i]["low"], parts[i]["high"]  # of a whole domain without width
                within = "exactly" if low_end == high_end else interval(low_end, high_end)
                numbers = f"{number(parts[i]['estimate'])} {within}"
                content.append(text(beside, top + 17, numbers, "small"))
            top += LINE * len(lines)
        top += 9
    if any("parts" in claim for claim in claims):
        ends = {low, high, 0.0}
        content += [line(place(low), top, place(high), top, "edge")]
        content += [text(place(end), top + 15, f"{end:g}", "small middle") for end in sorted(ends)]
        top += LINE
    return Panel(beside + NUMBERS, top, content)


def _part(
    part: Mapping[str, Any], outcome: str, place: Callable[[float], float], axis: tuple[float, float], y: float
) -> list[str]:
    """The claimed values as a band, the interval that decides as a bar with the estimate on it, the bound as a tick."""
    bound = part["bound"]
    start, end = {">=": (bound, axis[1]), "<=": (axis[0], bound)}.get(part["relation"], (bound, bound))
    return [
        rectangle(place(start), y - 8, place(end) - place(start), 16, "claimed"),
        line(place(bound), y - 8, place(bound), y + 8, "bound"),
        line(place(part["low"]), y, place(part["high"]), y, f"{outcome} range"),
        dot(place(part["estimate"]), y, 4.5, outcome),
    ]


def _outcome(claim: Mapping[str, Any]) -> str:
    """`holds`, `inconclusive (few_items)`; of a claim that was not verified, that it was not."""
    if "outcome" not in claim:
        return "not verified"
    return f"{claim['outcome']} ({claim['reason']})" if claim["reason"] else str(claim["outcome"])


def _axis(parts: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """From 0 to 1, and as much further as an estimate or a bound lies, in whole numbers."""
    values = [part[name] for part in parts for name in ("estimate", "bound")]
    reach = max((abs(value) for value in values), default=0.0)
    step = 1.0 if reach <= 1 else float(-(-reach // 1))
    return (-step if min(values, default=0.0) < 0 else 0.0), step
