"""A side of a comparison as written -> a linear combination of estimands, with exact numbers."""

from fractions import Fraction

from ...claims import Estimand, Linear, Reading, Scaled
from ...diagnostics import Span
from ...effects import Effect
from ...exact import exact, show_exact
from ...scope import Names
from ...syntax.claims import AccuracySyntax, ClaimOperation, EstimandSyntax, Quantity
from ...syntax.effects import EffectSyntax, MeanSyntax
from ...syntax.leaves import Decimal
from ..combinations import Combination, combine, only
from ..effects.effect import check_effect
from .accuracy import check_accuracy
from .estimand_facts import range_of_estimand
from .estimands import check_estimand
from .means import check_mean


def check_quantity(syntax: Quantity, names: Names, exhaustively: bool) -> Combination[Estimand] | None:
    """A number, an estimand, or what is made of them; None after an error."""
    match syntax:
        case Decimal(value=value):
            return Combination((), value)
        case AccuracySyntax():
            return _only(check_accuracy(syntax, names))
        case EstimandSyntax():
            return _only(_check_estimand(syntax, names, exhaustively))
        case EffectSyntax():
            return _only(_check_effect(syntax, names, exhaustively))
        case MeanSyntax():
            return _only(check_mean(syntax, names))
        case ClaimOperation(operator=operator):
            operands = [check_quantity(operand, names, exhaustively) for operand in syntax.operands]
            known = [operand for operand in operands if operand is not None]
            if len(known) < len(operands):
                return None
            combined = combine(operator, known)
            if combined is None:
                names.report.error(
                    "CS409",
                    "a product of two estimands",
                    syntax.span,
                    help="multiply an estimand by a number only: `2 * iia(A)`",
                )
            return combined


def _check_estimand(syntax: EstimandSyntax, names: Names, exhaustively: bool) -> Estimand | None:
    estimand = check_estimand(syntax, names)
    if isinstance(estimand, Reading) and exhaustively:
        names.report.error(
            "CS440",
            f"`{estimand.kind}` is sampled, and the claim is counted `exhaustively`",
            syntax.span,
            help="leave `exhaustively` out, or make it a claim of its own",
        )
        return None
    return estimand


def _check_effect(syntax: EffectSyntax, names: Names, exhaustively: bool) -> Effect | None:
    effect = check_effect(syntax, names)
    if effect is not None and effect.drawn is not None and exhaustively:
        names.report.error(
            "CS440",
            f"{effect.drawn} cannot be counted, and the claim is counted `exhaustively`",
            syntax.span,
            help="leave `exhaustively` out, or make it a claim of its own",
        )
        return None
    return effect


def _only(estimand: Estimand | None) -> Combination[Estimand] | None:
    return None if estimand is None else only(estimand)


def bounds_of(quantity: Combination[Estimand]) -> tuple[Fraction, Fraction]:
    """The least and the largest value, from the estimands' own."""
    low = high = quantity.constant
    for estimand, factor in quantity.coefficients.items():
        ends = [factor * end for end in range_of_estimand(estimand)]
        low, high = low + min(ends), high + max(ends)
    return low, high


def lower_quantity(quantity: Combination[Estimand], span: Span) -> Linear:
    """The same as part of a program."""
    terms = tuple(Scaled(k.numerator, k.denominator, estimand) for k, estimand in quantity.terms)
    return Linear(terms, (quantity.constant.numerator, quantity.constant.denominator), span)


def show_ranges(difference: Combination[Estimand]) -> str:
    """What the estimands of a comparison can be."""
    known = {range_of_estimand(estimand) for _, estimand in difference.terms}
    if known <= {(0, 1), (0, 10)}:
        return "an estimand lies between 0 and 1, a divergence between 0 and 10"
    texts = [f"between {show_exact(exact(low))} and {show_exact(exact(high))}" for low, high in sorted(known)]
    return f"its estimands lie {', '.join(texts)}"
