"""A number's move between two results as text."""

from ..runtime.results.moves import Move
from .page import Page

_ONE_MEASUREMENT = "one measurement, of which one result used more items"


def render_move(move: Move, page: Page, indent: int) -> list[str]:
    """By how much a number moved, and what that rests on."""
    ends, more = f"{move.text}: {move.before:.4f} -> {move.after:.4f}", indent + 2
    if move.difference is None:
        return [*page.wrap(ends, indent), *page.wrap(f"{move.how}: {move.why}", more)]
    if move.how == "same":
        said = "the very same scores" if move.before == move.after else _ONE_MEASUREMENT
        return page.wrap(f"{ends}, {said}", indent)
    if move.how == "exact":
        moved = f"moved by {move.difference:+.4f} exactly" if move.difference else "exactly as before"
        return page.wrap(f"{ends}, {moved}", indent)
    assert move.confidence is not None
    basis = f"paired on {move.n:,} items" if move.how == "paired" else f"not paired ({move.why}): both intervals' sum"
    confidence = f"{move.confidence:.{4 if move.confidence < 0.999 else 6}g}"
    interval = f"[{move.low:+.4f}, {move.high:+.4f}] at {confidence}"
    return [*page.wrap(ends, indent), *page.wrap(f"moved by {move.difference:+.4f} {interval}, {basis}", more)]
