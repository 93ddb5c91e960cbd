"""Verdicts as text: first what was decided, then what it rests on. Nothing is said twice."""

import sys
from collections.abc import Mapping
from dataclasses import field

from ..compiler.pipeline import Checked
from ..lang.record import record
from ..runtime.deciding.verdicts import ControlRow, PartRow, QuantityRow, Result, Verdict, outcome_text
from ..runtime.graphs.measured_graph import MeasuredGraph
from .output import Output
from .page import INDENT, Page, Style, exactly, interval, is_readable, number, open_page
from .render_controls import render_controls
from .render_counts import render_counts
from .render_diagnosis import render_diagnoses
from .render_fit import render_fit
from .render_graph import render_measured_graph

DEEPER = 2
"""Columns by which the counts of one of several estimands stand deeper."""
FULL_SWAP = "full swap"
"""The control that stands in the table wherever the scores of the pairs alone do."""

EXPECTED: dict[str, Style] = {"met": "", "failed": "bad", "open": "open"}
STYLES: dict[str, Style] = {"holds": "good", "refuted": "bad", "unsupported": "open", "inconclusive": "open"}


@record
class Shown:
    """What earlier claims have said, each with the first claim's name: the counts of an estimand on so many items, the
    fit of some maps, what was left out of its items, and single controls."""

    counts: Mapping[tuple[str, int], str] = field(default_factory=dict)
    fits: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    controls: Mapping[ControlRow, str] = field(default_factory=dict)

    def after(self, verdict: Verdict) -> "Shown":
        """What has been said once this verdict is printed, too."""
        name, quantities = verdict.name, verdict.quantities
        return Shown(
            {**{(q.text, q.n): name for q in quantities}, **self.counts},
            {**{q.map: name for q in quantities if q.map is not None}, **self.fits},
            {**{q.text: name for q in quantities}, **self.texts},
            {**dict.fromkeys(verdict.controls, name), **self.controls},
        )


class VerdictPrinter:
    """Prints verdicts as they fall."""

    def __init__(self, checked: Checked, output: Output, diagnose: bool = False) -> None:
        self.checked, self.output, self.diagnose = checked, output, diagnose
        self.page, self.shown = open_page(sys.stdout), Shown()

    def header(self) -> None:
        """What is verified, the error that each claim may make, and what the spec says of itself."""
        program = self.checked.program
        m = len(program.claims)
        budget = f"confidence {program.settings.confidence:g}"
        budget += f" for {m} claim{'' if m == 1 else 's'} together" if m else ""
        lines = [f"{self.checked.source.path.name}: {budget}", *self.page.wrap_doc(program.doc, 2)]
        self.output.write("".join(f"{line}\n" for line in lines))

    def verdict(self, verdict: Verdict) -> None:
        """One claim; what was said under an earlier claim is not said again."""
        self.output.write("\n" + render_verdict(verdict, self.page, self.shown, self.diagnose))
        self.shown = self.shown.after(verdict)

    def graph(self, graph: MeasuredGraph) -> None:
        """One graph as it was measured."""
        self.output.write("\n" + render_measured_graph(graph, self.page))

    def footer(self, result: Result) -> None:
        """Whether the criterion was locked, and how many expectations were met; nothing where nothing was claimed."""
        if not result.verdicts:
            return
        counts = {kind: sum(v.expectation == kind for v in result.verdicts) for kind in ("met", "failed", "open")}
        said = ", ".join(f"{n} {kind}" for kind, n in counts.items() if n or kind == "met")
        criterion = "\n".join(self.page.wrap(f"criterion: {result.criterion}"))
        self.output.write(f"\n{criterion}\nexpectations: {said}\n")

    def say(self, text: str) -> None:
        """A line, or as many as it takes, at the end."""
        self.output.write("".join(f"{line}\n" for line in self.page.wrap(text)))


def render_verdict(verdict: Verdict, page: Page, shown: Shown, diagnose: bool = False) -> str:
    """A verdict as lines that fit the page, what its author says of the claim first.

    Diagnoses are in short, and left out where the verdict is the one that was expected; with `diagnose` they are
    there, and whole.
    """
    lines = [*_headline(verdict, page), *page.wrap_doc(verdict.doc, 2)]
    for part in verdict.parts:
        lines += _part(part, verdict, page)
    several = len(verdict.quantities) > 1
    alone = not several and len(verdict.parts) == 1
    compared = {row.quantity for row in verdict.controls if row.name == FULL_SWAP}
    for quantity in verdict.quantities:
        counts: list[str] = []
        if (quantity.text, quantity.n) not in shown.counts:
            inner = page if alone else Page(page.width - DEEPER, page.color)
            counts = render_counts(quantity, inner, quantity.text not in compared)
        lines += counts if alone else [*page.wrap(_measured(quantity), INDENT), *(" " * DEEPER + c for c in counts)]
    lines += render_controls(verdict.controls, page, shown.controls)
    fitted: set[str] = set()
    for quantity in verdict.quantities:
        if quantity.map is not None and quantity.map not in shown.fits and quantity.map not in fitted:
            lines += render_fit(quantity, page, f" of {quantity.text}" if several else "")
            fitted.add(quantity.map)
        if quantity.text not in shown.texts:
            lines += _origin(quantity, page)
    lines += _as_under(verdict, page, shown)
    for note in verdict.notes:
        lines += page.wrap(note, INDENT)
    if diagnose or verdict.expectation != "met":
        lines += render_diagnoses(verdict.diagnosis, page, whole=diagnose)
    return "\n".join(lines) + "\n"


def summarise(verdict: Verdict) -> str:
    """A verdict in one line: what came out, what was expected, and every inequality."""
    parts = [_part(part, verdict, Page(10**6))[0].strip() for part in verdict.parts]
    return "; ".join([f"{outcome_text(verdict.outcome, verdict.reason)}, expected {verdict.expected}", *parts])


def _headline(verdict: Verdict, page: Page) -> list[str]:
    """The claim, its outcome, the families of maps, the grade, and the expectation where it is not plainly met."""
    families = dict.fromkeys(f for q in verdict.quantities for f in q.families)
    under = f" under {', '.join(families)}" if families else ""
    stated = verdict.expected != "holds" or verdict.expectation != "met"
    how = EXPECTED[verdict.expectation]
    expected = f"expected {verdict.expected}" + (f": {verdict.expectation}" if how else "")
    pieces: list[tuple[str, Style]] = [
        (verdict.name, "name"),
        (": ", ""),
        (outcome_text(verdict.outcome, verdict.reason), STYLES[verdict.outcome]),
        (f"{under} [{verdict.grade}]", ""),
    ]
    return page.wrap_styled([*pieces, (", ", ""), (expected, how)] if stated else pieces)


def _part(part: PartRow, verdict: Verdict, page: Page) -> list[str]:
    """The inequality with what was found, and how it was decided."""
    bound = f"{part.relation} {part.bound:g}" + (f" +- {part.tolerance:g}" if part.tolerance else "")
    if part.exact is not None:
        fraction = f" = {part.exact}" if is_readable(part.exact) else ""
        found = exactly(part.estimate, part.exact, part.bound)
        return page.wrap(f"{part.text} = {found}{fraction} exactly, claimed {bound}: {part.status}", 2)
    found = f"{part.text} = {number(part.estimate)} {interval(part.low, part.high)}, claimed {bound}: {part.status}"
    paired = "paired " if part.paired else ""
    how = f"by a {paired}{part.method} at {1 - verdict.alpha:.4g}, after {part.n:,} of {part.budget:,} items"
    return [*page.wrap(found, 2), *page.wrap(how, INDENT)]


def _measured(quantity: QuantityRow) -> str:
    if quantity.exact is not None:
        return f"{quantity.text} = {exactly(quantity.estimate, quantity.exact)} exactly"
    return f"{quantity.text} = {number(quantity.estimate)} {interval(quantity.low, quantity.high)}"


def _origin(quantity: QuantityRow, page: Page) -> list[str]:
    """Where an estimand comes from, whatever the number of items: the networks drawn, what was left out."""
    lines: list[str] = []
    if quantity.select:
        scores = ", ".join(f"{score:.3f}" for score in quantity.select)
        lines += page.wrap(f"{len(quantity.select)} networks drawn, on select {scores}; the best is measured", INDENT)
    for remark in quantity.remarks:
        lines += page.wrap(remark, INDENT)
    return lines


def _as_under(verdict: Verdict, page: Page, shown: Shown) -> list[str]:
    """What an earlier claim has said already, and which."""
    said: dict[str, list[str]] = {}
    for quantity in verdict.quantities:
        if earlier := shown.counts.get((quantity.text, quantity.n)):
            said.setdefault(earlier, []).append("counts")
        if earlier := shown.fits.get(quantity.map or ""):
            said.setdefault(earlier, []).append("fit")
    for name, rows in _controls_said(verdict, shown).items():
        said.setdefault(name, []).append("controls" if len(rows) == len(verdict.controls) else ", ".join(rows))
    lines: list[str] = []
    for name, things in said.items():
        lines += page.wrap(f"as under {name}: {', '.join(dict.fromkeys(things))}", INDENT)
    return lines


def _controls_said(verdict: Verdict, shown: Shown) -> dict[str, list[str]]:
    """The controls, by name, that an earlier claim has said already and that do not take this verdict back."""
    said: dict[str, list[str]] = {}
    for row in verdict.controls:
        if row.met is not False and (earlier := shown.controls.get(row)):
            said.setdefault(earlier, []).append(row.name)
    return said
