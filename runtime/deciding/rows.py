"""From scores and intervals to the rows of a verdict."""

from fractions import Fraction
from typing import Literal

from ...compiler.experiments import Part
from ..scoring.scores import Scores
from ..statistics.part_intervals import PartInterval, Status, measured_interval, status
from .rulings import Evaluated
from .verdicts import CellRow, PartRow, QuantityRow
from .verdicts import Status as Standing


def quantity_row(evaluated: Evaluated, alpha: float, among: bool) -> QuantityRow:
    """One estimand on its own, at the claim's alpha."""
    quantity, scores, fitted = evaluated.quantity, evaluated.scores, evaluated.fitted
    interval = measured_interval(evaluated.measured, among, alpha)
    return QuantityRow(
        text=quantity.text,
        families=quantity.families,
        learned=quantity.learned,
        estimate=float(scores.mean(among)),
        low=interval.low,
        high=interval.high,
        right=scores.right(among),
        n=scores.n,
        budget=_budget(evaluated),
        method=evaluated.measured.method,
        exact=str(scores.mean(among)) if scores.whole_domain else None,
        range=scores.range,
        binary=scores.binary,
        clipped=scores.clipped,
        among=among,
        full_vocabulary=float(scores.mean(False)),
        network_accuracy=None if scores.base_right is None else scores.base_right / scores.n,
        no_op=scores.no_op,
        full_swap=scores.full_swap,
        near_ties=scores.near,
        cells=tuple(CellRow(c.set, c.half, c.among if among else c.right, c.n) for c in scores.cells),
        seeds=() if fitted is None else fitted.seeds,
        select=scores.select,
        unseen=_unseen(scores),
        map=evaluated.map_key,
        remarks=evaluated.remarks,
        keys=evaluated.keys,
        sizes=evaluated.sizes,
        search=(*(() if fitted is None else fitted.table), *evaluated.ranked),
        reads_right=None if scores.read_right is None else scores.read_right / scores.n,
        version=evaluated.version,
    )


def part_row(part: Part, found: PartInterval, evaluated: list[Evaluated]) -> PartRow:
    """One inequality as written, with all estimands and the number beside them on the left, the bound on the right."""
    sign = -1 if (part.written == "<=") != part.mirrored else 1
    interval = found.interval.shift(-float(part.constant)).scale(sign).shift(float(part.beside))
    left = sign * (found.estimate - part.constant) + part.beside
    read = [evaluated[index] for _, index in part.coefficients]
    return PartRow(
        text=_linear_text([(sign * c, evaluated[i].quantity.text) for c, i in part.coefficients], part.beside),
        relation=MIRRORED[part.written] if part.mirrored else part.written,
        estimate=float(left),
        low=interval.low,
        high=interval.high,
        bound=float(part.beside - sign * part.constant),
        tolerance=float(part.tolerance),
        paired=found.paired,
        method=found.method,
        n=max(e.scores.n for e in read),
        budget=max(_budget(e) for e in read),
        exact=str(left) if found.method == "exact" else None,
        status=STANDING[status(part, found)],
    )


Relation = Literal[">=", "<=", "=="]
MIRRORED: dict[Relation, Relation] = {">=": "<=", "<=": ">=", "==": "=="}
STANDING: dict[Status, Standing] = {
    "pass": "passes",
    "miss above": "misses",
    "miss below": "misses",
    "straddle": "straddles",
}


def _budget(evaluated: Evaluated) -> int:
    """The most items that may be looked at; a whole domain has no more than it has."""
    budget = evaluated.quantity.budget
    return evaluated.scores.n if budget is None else budget


def _linear_text(terms: list[tuple[Fraction, str]], beside: Fraction) -> str:
    """`2 * iia(A) - iia(B) + 0.1`; the number comes first before estimands that start with a minus: `1 - iia(A)`."""
    named = [(c, name if abs(c) == 1 else f"{float(abs(c)):g} * {name}") for c, name in terms]
    if beside:
        named.insert(0 if beside > 0 > terms[0][0] else len(named), (beside, f"{float(abs(beside)):g}"))
    text = ""
    for sign, name in named:
        joint = (" - " if text else "-") if sign < 0 else (" + " if text else "")
        text += f"{joint}{name}"
    return text


def _unseen(scores: Scores) -> tuple[float, int] | None:
    """The weighted mean over cells without `fit` inputs; None where a cell has no such item."""
    if scores.unseen is None or any(n == 0 for _, n in scores.unseen):
        return None
    pairs = zip(scores.cells, scores.unseen, strict=True)
    value = sum((cell.weight * Fraction(right, n) for cell, (right, n) in pairs), Fraction(0))
    return float(value), sum(n for _, n in scores.unseen)
