"""Verdicts and graphs -> test cases of a report, each with all that is known of it."""

from collections.abc import Iterable

from ..compiler.pipeline import Checked
from ..lang.diagnostics import Source, Span
from ..runtime.deciding.verdicts import Verdict, outcome_text
from ..runtime.graphs.measured_graph import MeasuredGraph
from .junit import Case, Kind
from .page import Page
from .render_graph import render_measured_graph
from .render_verdicts import Shown, render_verdict, summarise

KINDS: dict[str, Kind] = {"met": "passed", "failed": "failure", "open": "error"}


def expected_cases(checked: Checked) -> Iterable[tuple[str, str, int]]:
    """What a run will decide: every claim and graph, with the file and line that it stands in."""
    program, source = checked.program, checked.source
    for claim in program.claims.values():
        yield (claim.name, *_place(source, claim.span))
    for graph in program.graphs.values():
        yield (f"graph {graph.name}", *_place(source, graph.span))


def verdict_case(verdict: Verdict, diagnose: bool) -> Case:
    """A claim's case: the text is that of the terminal, with what stands under an earlier claim there."""
    kind = KINDS[verdict.expectation]
    found = outcome_text(verdict.outcome, verdict.reason)
    text = render_verdict(verdict, Page(), Shown(), diagnose)
    return Case(verdict.name, kind, found, summarise(verdict), text)


def graph_case(graph: MeasuredGraph) -> Case:
    """A graph's case: nothing is expected of it but that it can be measured."""
    kind: Kind = "error" if graph.awaits else "passed"
    return Case(f"graph {graph.name}", kind, "not measured", graph.awaits, render_measured_graph(graph, Page()))


def _place(source: Source, span: Span) -> tuple[str, int]:
    part = source.part_at(span.start)
    return part.path.as_posix(), source.text.count("\n", part.start, span.start) + 1
