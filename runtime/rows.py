"""From scores and intervals to the rows of a verdict."""

from fractions import Fraction

from ..compiler.experiments import Part
from ..compiler.plan import MeasuredQuantity
from .fitted import Fitted
from .intervals import Interval, clopper_pearson
from .part_intervals import PartInterval
from .scores import Scores
from .verdicts import CellRow, ControlRow, PartRow, QuantityRow, SeedRow


def quantity_row(
    quantity: MeasuredQuantity,
    scores: Scores,
    fitted: Fitted | None,
    map_key: str | None,
    alpha: float,
    exhaustive: bool,
    among: bool,
) -> QuantityRow:
    """One estimand on its own, at the claim's alpha."""
    right = scores.right(among)
    exact = scores.exact(among) if exhaustive else None
    estimate = float(exact) if exact is not None else right / scores.n
    interval = Interval(estimate, estimate) if exhaustive else clopper_pearson(right, scores.n, alpha)
    return QuantityRow(
        text=quantity.text,
        families=quantity.families,
        learned=quantity.learned,
        estimate=estimate,
        low=interval.low,
        high=interval.high,
        right=right,
        n=scores.n,
        exact=None if exact is None else str(exact),
        among=among,
        full_vocabulary=float(scores.exact(False)) if exhaustive else scores.right(False) / scores.n,
        network_accuracy=scores.base_right / scores.n,
        no_op=scores.no_op,
        full_swap=scores.full_swap,
        near_ties=scores.near,
        cells=tuple(CellRow(c.set, c.half, c.among if among else c.right, c.n) for c in scores.cells),
        seeds=() if fitted is None else tuple(SeedRow(s.seed, s.select, s.loss, s.chosen) for s in fitted.seeds),
        select=scores.select,
        unseen=_unseen(scores),
        map=map_key,
    )


def part_row(part: Part, found: PartInterval, texts: list[str], exhaustive: bool) -> PartRow:
    """One inequality as written: estimands on the left, the bound on the right."""
    sign = -1 if part.written == "<=" else 1
    interval = found.interval.shift(-float(part.constant)).scale(sign)
    left = sign * (found.estimate - part.constant)
    return PartRow(
        text=_linear_text([(sign * c, texts[i]) for c, i in part.coefficients]),
        relation=part.written,
        estimate=float(left),
        low=interval.low,
        high=interval.high,
        bound=float(-sign * part.constant),
        tolerance=float(part.tolerance),
        paired=found.paired,
        exact=str(left) if exhaustive else None,
    )


def control_row(name: str, scores: Scores, interval: Interval, needed: str) -> ControlRow:
    """A control that was run; a point interval is its estimate."""
    point = interval.low == interval.high
    return ControlRow(
        name, interval.low if point else scores.right(True) / scores.n, interval.low, interval.high, needed
    )


def _linear_text(terms: list[tuple[Fraction, str]]) -> str:
    text = ""
    for coefficient, name in terms:
        size = "" if abs(coefficient) == 1 else f"{float(abs(coefficient)):g} * "
        joint = (" - " if text else "-") if coefficient < 0 else (" + " if text else "")
        text += f"{joint}{size}{name}"
    return text


def _unseen(scores: Scores) -> tuple[float, int] | None:
    """The weighted mean over cells without `fit` inputs; None where a cell has no such item."""
    if scores.unseen is None or any(n == 0 for _, n in scores.unseen):
        return None
    pairs = zip(scores.cells, scores.unseen, strict=True)
    value = sum((cell.weight * Fraction(right, n) for cell, (right, n) in pairs), Fraction(0))
    return float(value), sum(n for _, n in scores.unseen)
