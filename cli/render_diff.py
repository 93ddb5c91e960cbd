"""A comparison of two results as text: the changed verdicts first, then graphs with their changed edges first."""

from ..runtime.deciding.verdicts import outcome_text
from ..runtime.results.compare_results import ClaimChange, ResultDiff, Side, Standing
from .page import Page
from .render_graph_diff import render_graph_change
from .render_moves import render_move


def render_diff(diff: ResultDiff, before: str, after: str, page: Page) -> str:
    """All of a comparison; `before` and `after` name the results' files."""
    lines = [_head(diff)]
    for when, file, side in (("before: ", before, diff.before), ("after:  ", after, diff.after)):
        lines += page.wrap(f"{when}{file}, {_side(side)}", 2)
    for claim in sorted(diff.claims, key=lambda claim: not claim.changed):
        lines += ["", *_claim(claim, page)]
    for graph in diff.graphs:
        lines += ["", *render_graph_change(graph, page)]
    only = [("before", diff.only_before), ("after", diff.only_after)]
    said = [f"only {when}: {', '.join(names)}" for when, names in only if names]
    only = [("before", diff.graphs_only_before), ("after", diff.graphs_only_after)]
    said += [f"graphs only {when}: {', '.join(names)}" for when, names in only if names]
    lines += [""] * bool(said) + [line for text in said for line in page.wrap(text)]
    return "\n".join(lines) + "\n"


def _head(diff: ResultDiff) -> str:
    said = []
    if diff.claims or not diff.graphs:
        said.append(f"{diff.changed} of {len(diff.claims)} verdict{'' if len(diff.claims) == 1 else 's'} changed")
    if diff.graphs:
        edges = sum(len(graph.edges) for graph in diff.graphs)
        changed = sum(graph.changed for graph in diff.graphs)
        said.append(f"{changed} of {edges} edge{'' if edges == 1 else 's'}{'' if said else ' changed'}")
    return ", ".join(said)


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
        lines += render_move(move, page, 2)
    for when, texts in (("before", claim.only_before), ("after", claim.only_after)):
        lines += [line for text in texts for line in page.wrap(f"{text}: only {when}", 2)]
    return lines


def _standing(standing: Standing) -> str:
    return f"{outcome_text(standing.outcome, standing.reason)} [{standing.grade}]"
