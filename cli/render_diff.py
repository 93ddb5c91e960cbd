"""A comparison of two results as text: the changed verdicts first. Fits 80 columns."""

import textwrap

from ..runtime.compare_results import ClaimChange, Move, ResultDiff, Side, Standing

WIDTH = 80


def render_diff(diff: ResultDiff, before: str, after: str) -> str:
    """All of a comparison; `before` and `after` name the results' files."""
    lines = [f"{diff.changed} of {len(diff.claims)} verdict{'' if len(diff.claims) == 1 else 's'} changed"]
    lines += _wrap(f"before: {before}, {_side(diff.before)}", 2) + _wrap(f"after:  {after}, {_side(diff.after)}", 2)
    for claim in sorted(diff.claims, key=lambda claim: not claim.changed):
        lines += ["", *_claim(claim)]
    only = [("before", diff.only_before), ("after", diff.only_after)]
    said = [f"only {when}: {', '.join(names)}" for when, names in only if names]
    lines += [""] * bool(said) + [line for text in said for line in _wrap(text, 0)]
    return "\n".join(lines) + "\n"


def _side(side: Side) -> str:
    locked = "not locked" if side.lock is None else f"locked as {side.lock[:12]}"
    return locked if side.complete else f"{locked}, cut short"


def _claim(claim: ClaimChange) -> list[str]:
    if claim.changed:
        head = f"{claim.name}: {_standing(claim.before)} -> {_standing(claim.after)}"
    else:
        head = f"{claim.name}: {_standing(claim.after)}, as before"
    lines = _wrap(head, 0)
    for bound in claim.bounds:
        lines += _wrap(f"bound: {bound}", 2)
    for move in claim.moves:
        lines += _move(move)
    for when, texts in (("before", claim.only_before), ("after", claim.only_after)):
        lines += [line for text in texts for line in _wrap(f"{text}: only {when}", 2)]
    return lines


def _standing(standing: Standing) -> str:
    reason = f"({standing.reason})" if standing.reason else ""
    return f"{standing.outcome}{reason} [{standing.grade}]"


def _move(move: Move) -> list[str]:
    ends = f"{move.text}: {move.before:.4f} -> {move.after:.4f}"
    if move.difference is None:
        return [*_wrap(ends, 2), *_wrap(f"{move.how}: {move.why}", 4)]
    if move.how == "same":
        more = "one measurement, of which one result used more items"
        return _wrap(f"{ends}, {'the very same scores' if move.before == move.after else more}", 2)
    if move.how == "exact":
        moved = f"moved by {move.difference:+.4f} exactly" if move.difference else "exactly as before"
        return _wrap(f"{ends}, {moved}", 2)
    assert move.confidence is not None
    basis = f"paired on {move.n:,} items" if move.how == "paired" else f"not paired ({move.why}): both intervals' sum"
    interval = f"[{move.low:+.4f}, {move.high:+.4f}] at {move.confidence:.4g}"
    return [*_wrap(ends, 2), *_wrap(f"moved by {move.difference:+.4f} {interval}, {basis}", 4)]


def _wrap(text: str, indent: int) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=" " * indent, subsequent_indent=" " * (indent + 2), break_on_hyphens=False
    )
