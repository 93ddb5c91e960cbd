"""A comparison of two results as text: the changed verdicts first."""

from ..runtime.results.compare_results import ClaimChange, Move, ResultDiff, Side, Standing
from .page import Page


def render_diff(diff: ResultDiff, before: str, after: str, page: Page) -> str:
    """All of a comparison; `before` and `after` name the results' files."""
    lines = [f"{diff.changed} of {len(diff.claims)} verdict{'' if len(diff.claims) == 1 else 's'} changed"]
    for when, file, side in (("before: ", before, diff.before), ("after:  ", after, diff.after)):
        lines += page.wrap(f"{when}{file}, {_side(side)}", 2)
    for claim in sorted(diff.claims, key=lambda claim: not claim.changed):
        lines += ["", *_claim(claim, page)]
    only = [("before", diff.only_before), ("after", diff.only_after)]
    said = [f"only {when}: {', '.join(names)}" for when, names in only if names]
    lines += [""] * bool(said) + [line for text in said for line in page.wrap(text)]
    return "\n".join(lines) + "\n"


def _side(side: Side) -> str:
    locked = "not locked" if side.lock is None else f"locked as {side.lock[:12]}"
    return locked if side.complete else f"{locked}, cut short"


def _claim(claim: ClaimChange, page: Page) -> list[str]:
    if claim.changed:
        head = f"{claim.name}: {_standing(claim.before)} -> {_standing(claim.after)}"
    else:
        head = f"{claim.name}: {_standing(claim.after)}, as before"
    lines = page.wrap(head)
    for bound in claim.bounds:
        lines += page.wrap(f"bound: {bound}", 2)
    for move in claim.moves:
        lines += _move(move, page)
    for when, texts in (("before", claim.only_before), ("after", claim.only_after)):
        lines += [line for text in texts for line in page.wrap(f"{text}: only {when}", 2)]
    return lines


def _standing(standing: Standing) -> str:
    reason = f"({standing.reason})" if standing.reason else ""
    return f"{standing.outcome}{reason} [{standing.grade}]"


def _move(move: Move, page: Page) -> list[str]:
    ends = f"{move.text}: {move.before:.4f} -> {move.after:.4f}"
    if move.difference is None:
        return [*page.wrap(ends, 2), *page.wrap(f"{move.how}: {move.why}", 4)]
    if move.how == "same":
        more = "one measurement, of which one result used more items"
        return page.wrap(f"{ends}, {'the very same scores' if move.before == move.after else more}", 2)
    if move.how == "exact":
        moved = f"moved by {move.difference:+.4f} exactly" if move.difference else "exactly as before"
        return page.wrap(f"{ends}, {moved}", 2)
    assert move.confidence is not None
    basis = f"paired on {move.n:,} items" if move.how == "paired" else f"not paired ({move.why}): both intervals' sum"
    interval = f"[{move.low:+.4f}, {move.high:+.4f}] at {move.confidence:.4g}"
    return [*page.wrap(ends, 2), *page.wrap(f"moved by {move.difference:+.4f} {interval}, {basis}", 4)]
