"""Verdicts as text: first what was decided, then what it rests on. Fits 80 columns; colour only on a terminal."""

import sys
import textwrap

from ..compiler.pipeline import Checked
from ..runtime.verdicts import ControlRow, PartRow, QuantityRow, Result, Verdict
from .output import Output, colored
from .render_diagnosis import render_diagnoses

WIDTH = 80
INDENT = "    "
Shown = tuple[str, int]
"""An estimand by its text, and the number of items that it was shown on."""

COLORS = {"holds": "32", "refuted": "31", "unsupported": "33", "inconclusive": "33"}


class VerdictPrinter:
    """Prints verdicts as they fall."""

    def __init__(self, checked: Checked, output: Output, diagnose: bool = False) -> None:
        self.checked, self.output, self.diagnose = checked, output, diagnose
        self.color = colored(sys.stdout)
        self.shown: set[Shown] = set()

    def header(self) -> None:
        """What is verified, and the error that each claim may make."""
        program = self.checked.program
        m = len(program.claims)
        budget = f"confidence {program.settings.confidence:g} for {m} claim{'' if m == 1 else 's'} together"
        self.output.write(f"{self.checked.source.path.name}: {budget}\n")

    def verdict(self, verdict: Verdict) -> None:
        """One claim; what was said of an estimand under an earlier claim is not said again."""
        self.output.write("\n" + render_verdict(verdict, self.color, frozenset(self.shown), self.diagnose))
        self.shown |= {(quantity.text, quantity.n) for quantity in verdict.quantities}

    def footer(self, result: Result) -> None:
        """Whether the criterion was locked, and how many expectations were met."""
        counts = {kind: sum(v.expectation == kind for v in result.verdicts) for kind in ("met", "failed", "open")}
        said = ", ".join(f"{n} {kind}" for kind, n in counts.items() if n or kind == "met")
        criterion = _wrap(f"criterion: {result.criterion}", indent="")
        self.output.write(f"\n{criterion}\nexpectations: {said}\n")


def render_verdict(
    verdict: Verdict, color: bool = False, shown: frozenset[Shown] = frozenset(), diagnose: bool = False
) -> str:
    """A verdict as lines of at most 80 columns.

    `shown` estimands are described already: their counts are said again only on another number of items. Diagnoses are
    in short, and left out where the verdict is the one that was expected; with `diagnose` they are there, and whole.
    """
    reason = f"({verdict.reason})" if verdict.reason else ""
    families = dict.fromkeys(f for q in verdict.quantities for f in q.families)
    under = f" under {', '.join(families)}" if families else ""
    outcome = _paint(f"{verdict.outcome}{reason}", COLORS[verdict.outcome], color)
    expected = "" if verdict.expected == "holds" else f", expected {verdict.expected}"
    if verdict.expectation != "met":
        expected = _paint(f", expected {verdict.expected}: {verdict.expectation}", "31", color)
    lines = [f"{_paint(verdict.name, '1', color)}: {outcome}{under} [{verdict.grade}]{expected}"]
    lines += [_wrap(_part(part, verdict), indent="  ") for part in verdict.parts]
    alone = len(verdict.quantities) == 1 and len(verdict.parts) == 1
    for quantity in verdict.quantities:
        if not alone:
            lines.append(_wrap(_measured(quantity)))
        if (quantity.text, quantity.n) not in shown:
            lines += _counts(quantity)
        if quantity.text not in {text for text, _ in shown}:
            lines += _origin(quantity)
    lines += [_wrap(_control(control)) for control in verdict.controls]
    lines += [_wrap(note) for note in verdict.notes]
    if diagnose or verdict.expectation != "met":
        lines += render_diagnoses(verdict.diagnosis, whole=diagnose)
    return "\n".join(lines) + "\n"


def _part(part: PartRow, verdict: Verdict) -> str:
    bound = f"{part.relation} {part.bound:g}" + (f" +- {part.tolerance:g}" if part.tolerance else "")
    if part.exact is not None:
        fraction = f" = {part.exact}" if "/" in part.exact else ""
        return f"{part.text} = {part.estimate:.4f}{fraction} exactly, claimed {bound}"
    paired = ", paired," if part.paired else ""
    interval = f"[{part.low:.4f}, {part.high:.4f}] at {1 - verdict.alpha:.4g}{paired}"
    interval += f" after {part.n:,} of {part.budget:,} items"
    return f"{part.text} = {part.estimate:.4f} {interval}, claimed {bound}"


def _measured(quantity: QuantityRow) -> str:
    interval = "exactly" if quantity.exact is not None else f"[{quantity.low:.4f}, {quantity.high:.4f}]"
    return f"{quantity.text} = {quantity.estimate:.4f} {interval}"


def _counts(quantity: QuantityRow) -> list[str]:
    """What an estimand came to on its items: raw counts, what the pairs alone give, near ties."""
    lines = []
    if quantity.no_op is None:
        if quantity.binary:
            what = "reads" if quantity.families else "inputs answered"
            lines.append(_wrap(f"{quantity.right:,} of {quantity.n:,} {what} right"))
    else:
        lines += _cells(quantity)
        pairs = f"pairs alone: no-op {quantity.no_op:.3f}, full swap {quantity.full_swap:.3f}"
        lines.append(_wrap(f"{pairs}; network right on {quantity.network_accuracy:.4f} of the bases"))
    if quantity.among and quantity.full_vocabulary != quantity.estimate:
        lines.append(_wrap(f"scored among the declared answers; over all classes {quantity.full_vocabulary:.4f}"))
    if quantity.unseen is not None:
        lines.append(_wrap(f"without inputs of fit: {quantity.unseen[0]:.4f} of {quantity.unseen[1]:,} items"))
    if quantity.near_ties:
        lines.append(_wrap(f"{quantity.near_ties:,} items have two best logits closer than 1e-4"))
    return lines


def _origin(quantity: QuantityRow) -> list[str]:
    """Where an estimand comes from, whatever the number of items: the fit, the networks drawn, what was left out."""
    lines = []
    if quantity.seeds:
        scores = ", ".join(f"{s.select:.3f}{'*' if s.chosen else ''}" for s in quantity.seeds)
        lines.append(_wrap(f"fit: {len(quantity.seeds)} restarts, on select {scores} (* chosen)"))
    if quantity.select:
        scores = ", ".join(f"{score:.3f}" for score in quantity.select)
        lines.append(_wrap(f"{len(quantity.select)} networks drawn, on select {scores}; the best is measured"))
    lines += [_wrap(remark) for remark in quantity.remarks]
    return lines


def _cells(quantity: QuantityRow) -> list[str]:
    """Raw counts: one line a set, its two halves side by side."""
    sets = list(dict.fromkeys(cell.set for cell in quantity.cells))
    names = {s: "{" + ", ".join(s) + "}" for s in sets}
    width = max(len(name) for name in names.values())
    lines = []
    for s in sets:
        halves = []
        for half in ("changing", "keeping", "exposed"):
            for cell in quantity.cells:
                if cell.set == s and cell.half == half and cell.n:
                    halves.append(f"{half} {cell.right:,}/{cell.n:,} = {cell.right / cell.n:.3f}")
        first = f"{INDENT}{names[s]:<{width}}  label "
        joined = first + ", ".join(halves)
        lines += [joined] if len(joined) <= WIDTH else [first + halves[0] + ",", " " * len(first) + halves[1]]
    return lines


def _control(control: ControlRow) -> str:
    interval = "exactly" if control.low == control.high else f"[{control.low:.4f}, {control.high:.4f}]"
    needed = f", needed {control.needed}" if control.needed else ", noted only"
    return f"{control.name}: {control.estimate:.4f} {interval}{needed}"


def _wrap(text: str, indent: str = INDENT) -> str:
    return textwrap.fill(text, WIDTH, initial_indent=indent, subsequent_indent=indent + "  ")


def _paint(text: str, code: str, color: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if color else text
