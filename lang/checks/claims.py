"""A claim as written -> linear comparisons of estimands, exact numbers, and an expectation that can come."""

import re
from fractions import Fraction
from typing import Literal, cast

from ..claims import Case, Claim, Comparison, Estimand, Linear, Outcome, Reading, Scaled
from ..diagnostics import Source, Span
from ..effects import Effect
from ..exact import exact, show_exact
from ..record import record
from ..scope import Names, Reporter
from ..suggest import suggest
from ..syntax.claims import AccuracySyntax, ClaimOperation, ClaimSyntax, ComparisonSyntax, EstimandSyntax, Quantity
from ..syntax.effects import EffectSyntax, MeanSyntax
from ..syntax.expressions import Number
from ..syntax.leaves import Decimal, Name
from ..unroll.static_index import report_not_static
from ..unroll.static_values import static_value
from ..unroll.unroll_expressions import index_text
from .accuracy import check_accuracy
from .effects import check_effect
from .estimand_facts import is_learned, range_of_estimand
from .estimands import check_estimand
from .means import check_mean

OUTCOMES = ("holds", "refuted", "unsupported", "inconclusive")
REASONS = (
    "straddles",
    "task_not_solved",
    "too_few_changed",
    "numeric",
    "search_not_shown",
    "vacuous",
    "control_unsettled",
    "budget",
    "off_distribution",
    "unstable",
    "out_of_range",
    "overlap",
    "awaiting_scores",
    "not_read",
)
OF_SEARCHES = ("search_not_shown", "vacuous", "control_unsettled")
"""Reasons of controls, which run where something is learned or searched."""
OF_SAMPLES = ("straddles", "budget", "too_few_changed")
"""Reasons that a count of every item leaves no room for."""


@record
class _Sum:
    """A linear combination while it is put together."""

    terms: tuple[tuple[Fraction, Estimand], ...]
    constant: Fraction

    def scaled(self, factor: Fraction) -> "_Sum":
        return _Sum(tuple((factor * k, estimand) for k, estimand in self.terms), factor * self.constant)

    def plus(self, other: "_Sum") -> "_Sum":
        return _Sum(self.terms + other.terms, self.constant + other.constant)

    @property
    def coefficients(self) -> dict[Estimand, Fraction]:
        """The factor of each estimand, equal ones taken together, those that cancel left out."""
        found: dict[Estimand, Fraction] = {}
        for factor, estimand in self.terms:
            found[estimand] = found.get(estimand, Fraction(0)) + factor
        return {estimand: factor for estimand, factor in found.items() if factor != 0}

    @property
    def bounds(self) -> tuple[Fraction, Fraction]:
        """The least and the largest value, from the estimands' own."""
        low = high = self.constant
        for estimand, factor in self.coefficients.items():
            ends = [factor * end for end in range_of_estimand(estimand)]
            low, high = low + min(ends), high + max(ends)
        return low, high


def check_claim(syntax: ClaimSyntax, names: Names, source: Source, report: Reporter) -> Claim | None:
    """One claim, or None after an error."""
    return _ClaimChecker(syntax, names, report).check(source)


class _ClaimChecker:
    def __init__(self, syntax: ClaimSyntax, names: Names, report: Reporter) -> None:
        self.syntax = syntax
        self.names = names
        self.report = report
        self.refutable = False
        self.unsupportable = False
        self.searches = False

    def check(self, source: Source) -> Claim | None:
        errors = self.report.errors
        parts = [self._comparison(part) for part in self._cases()]
        confidence = self._confidence()
        expect, reason = self._expectation(all_known=None not in parts)
        if self.report.errors > errors or None in parts:
            return None
        span = self.syntax.text_span
        text = " ".join(re.sub(r"#[^\n]*", " ", source.text[span.start : span.end]).split())
        return Claim(
            self.syntax.name.text,
            tuple(part for part in parts if part is not None),
            text,
            confidence,
            self.syntax.exhaustively,
            expect,
            reason,
            self.syntax.doc,
            self.syntax.name.span,
        )

    # --- comparisons

    def _cases(self) -> list[ComparisonSyntax]:
        """The comparisons; of an `all`, those whose `where` is met."""
        written = [part for part in self.syntax.parts if isinstance(part, ComparisonSyntax)]
        kept: list[ComparisonSyntax] = []
        for part in written:
            condition = None if part.case is None or part.case.where is None else static_value(part.case.where)
            if part.case is not None and part.case.where is not None and not isinstance(condition, bool):
                report_not_static("what `where` says in an `all`", part.case.where, self.report, "a truth value")
            elif condition is not False:
                kept.append(part)
        left = {part.case.all_span for part in kept if part.case is not None}
        empty = next((p.case.all_span for p in written if p.case is not None and p.case.all_span not in left), None)
        if self.report.errors == 0 and (empty is not None or not written):
            self.report.error(
                "CS472",
                "the `all` goes through nothing",
                empty if empty is not None else self.syntax.text_span,
                help="change what its loop runs through, or what `where` says",
            )
        return kept

    def _case(self, syntax: ComparisonSyntax) -> Case | None:
        case = syntax.case
        if case is None:
            return None
        spans = [p.case.all_span for p in self.syntax.parts if isinstance(p, ComparisonSyntax) and p.case is not None]
        shown = [f"{name.text} = {index_text(v)}" for name, v in zip(case.variables, case.values, strict=True)]
        ordered = len(case.values) == 1 and isinstance(case.values[0], Number)
        return Case(list(dict.fromkeys(spans)).index(case.all_span), ", ".join(shown), ordered)

    def _comparison(self, syntax: ComparisonSyntax) -> Comparison | None:
        left = self._lower(syntax.left)
        right = self._lower(syntax.right)
        if not self._check_relation(syntax) or left is None or right is None:
            return None
        if not left.terms and not right.terms:
            self.report.error(
                "CS408",
                "the comparison has no estimand",
                syntax.span,
                "only numbers are compared",
                help="compare an estimand with a number: `iia(A) >= 0.9`",
            )
            return None
        if not self._check_decides(syntax, left.plus(right.scaled(Fraction(-1)))):
            return None
        relation = cast(Literal[">=", "<=", "=="], syntax.relation)
        tolerance = syntax.tolerance.value if syntax.tolerance is not None else None
        return Comparison(
            _linear(left, syntax.left.span),
            relation,
            _linear(right, syntax.right.span),
            None if tolerance is None else (tolerance.numerator, tolerance.denominator),
            self._case(syntax),
            syntax.span,
        )

    def _check_relation(self, syntax: ComparisonSyntax) -> bool:
        relation = syntax.relation
        if relation in (">", "<", "!="):
            help = f"write `{relation}=`" if relation != "!=" else "claim `>=` or `<=`"
            self.report.error(
                "CS415",
                f"a claim compares with `>=`, `<=` or `==`, found `{relation}`",
                syntax.relation_span,
                help=help,
            )
            return False
        if syntax.tolerance is not None:
            if relation != "==":
                self.report.error(
                    "CS414", f"`{relation}` takes no tolerance", syntax.tolerance.span, help="`+-` belongs to `==`"
                )
                return False
            if syntax.tolerance.value <= 0:
                self.report.error(
                    "CS414", "expected a tolerance above 0", syntax.tolerance.span, help="write `== 0.5 +- 0.05`"
                )
                return False
        elif relation == "==" and not self.syntax.exhaustively:
            self.report.error(
                "CS410",
                "no sample can show that two numbers are equal",
                syntax.relation_span,
                "an equality without a tolerance",
                help="add a tolerance, `+- 0.05`, or count every case with `exhaustively`",
            )
            return False
        return True

    def _check_decides(self, syntax: ComparisonSyntax, difference: _Sum) -> bool:
        """Whether the comparison can be missed and met; notes which outcomes its learned parts allow."""
        low, high = difference.scaled(Fraction(-1)).bounds if syntax.relation == "<=" else difference.bounds
        if syntax.relation == "==":
            slack = syntax.tolerance.value if syntax.tolerance is not None else Fraction(0)
            always, never = -slack <= low and high <= slack, low > slack or high < -slack
        else:
            always, never = low >= 0, high < 0
        if always or never:
            self.report.error(
                "CS411",
                f"the bound decides nothing: it is {'always met' if always else 'never met'}",
                syntax.span,
                "whatever the network does",
                help=_ranges(difference) + "; choose a bound that can be met and missed",
            )
            return False
        sign = -1 if syntax.relation == "<=" else 1
        learned = [factor * sign for e, factor in difference.coefficients.items() if is_learned(e, self.names)]
        self.searches |= bool(learned)
        self.unsupportable |= any(factor > 0 for factor in learned) or bool(learned and syntax.relation == "==")
        self.refutable |= all(factor < 0 for factor in learned) or syntax.relation == "=="
        return True

    # --- quantities

    def _lower(self, syntax: Quantity) -> _Sum | None:
        match syntax:
            case Decimal(value=value):
                return _Sum((), value)
            case AccuracySyntax():
                return _only(check_accuracy(syntax, self.names))
            case EstimandSyntax():
                return _only(self._estimand(syntax))
            case EffectSyntax():
                return _only(self._effect(syntax))
            case MeanSyntax():
                return _only(check_mean(syntax, self.names))
            case ClaimOperation(operator="negate"):
                operand = self._lower(syntax.operands[0])
                return operand.scaled(Fraction(-1)) if operand else None
            case ClaimOperation(operator=operator):
                left, right = (self._lower(operand) for operand in syntax.operands)
                if left is None or right is None:
                    return None
                if operator != "*":
                    return left.plus(right if operator == "+" else right.scaled(Fraction(-1)))
                if left.terms and right.terms:
                    self.report.error(
                        "CS409",
                        "a product of two estimands",
                        syntax.span,
                        help="multiply an estimand by a number only: `2 * iia(A)`",
                    )
                    return None
                return left.scaled(right.constant) if left.terms else right.scaled(left.constant)

    def _estimand(self, syntax: EstimandSyntax) -> Estimand | None:
        estimand = check_estimand(syntax, self.names)
        if isinstance(estimand, Reading) and self.syntax.exhaustively:
            self.report.error(
                "CS440",
                f"`{estimand.kind}` is sampled, and the claim is counted `exhaustively`",
                syntax.span,
                help="leave `exhaustively` out, or make it a claim of its own",
            )
            return None
        return estimand

    def _effect(self, syntax: EffectSyntax) -> Effect | None:
        effect = check_effect(syntax, self.names)
        if effect is not None and effect.drawn is not None and self.syntax.exhaustively:
            self.report.error(
                "CS440",
                f"{effect.drawn} cannot be counted, and the claim is counted `exhaustively`",
                syntax.span,
                help="leave `exhaustively` out, or make it a claim of its own",
            )
            return None
        return effect

    # --- clauses

    def _confidence(self) -> float | None:
        confidence = self.syntax.confidence
        if confidence is None:
            return None
        if not 0 < confidence.value < 1:
            self.report.error(
                "CS413",
                "expected a confidence between 0 and 1",
                confidence.span,
                "neither 0 nor 1 nor beyond",
                help="write `at confidence 0.99`",
            )
        return float(confidence.value)

    def _expectation(self, all_known: bool) -> tuple[Outcome, str | None]:
        expect = self.syntax.expect
        if expect is None:
            return "holds", None
        outcome = expect.outcome
        if outcome.text not in OUTCOMES:
            self.report.error(
                "CS101",
                f"expected an outcome, found `{outcome.text}`",
                outcome.span,
                help=suggest(outcome.text, OUTCOMES, "outcomes"),
            )
            return "holds", None
        self._check_reason(outcome, expect.reason, all_known)
        if all_known and outcome.text == "unsupported" and not self.unsupportable:
            self.report.error(
                "CS412",
                "`unsupported` cannot come: the claim needs no map to be found",
                outcome.span,
                help="expect `refuted`: without a learned map in its favour, a claim that is missed is refuted",
            )
        if all_known and outcome.text == "refuted" and not self.refutable:
            self.report.error(
                "CS412",
                "`refuted` cannot come: that no map was found refutes nothing",
                outcome.span,
                help="expect `unsupported`: a learned map in favour of a claim leaves it so when it is missed",
            )
        return cast(Outcome, outcome.text), expect.reason.text if expect.reason else None

    def _check_reason(self, outcome: Name, reason: Name | None, all_known: bool) -> None:
        if reason is None:
            return
        if outcome.text != "inconclusive":
            self.report.error(
                "CS418",
                f"`{outcome.text}` takes no reason",
                reason.span,
                help=f"write `expect {outcome.text}`, or `expect inconclusive({reason.text})`",
            )
        elif reason.text not in REASONS:
            self.report.error(
                "CS418",
                f"unknown reason `{reason.text}`",
                reason.span,
                help=suggest(reason.text, REASONS, "reasons"),
            )
        elif all_known and reason.text in OF_SEARCHES and not self.searches:
            self._never(reason, "the claim needs no map to be found, and no control of one")
        elif reason.text in OF_SAMPLES and self.syntax.exhaustively:
            self._never(reason, "the claim is counted `exhaustively`")

    def _never(self, reason: Name, why: str) -> None:
        message = f"`inconclusive({reason.text})` cannot come: {why}"
        self.report.error("CS412", message, reason.span, help="expect an outcome that the claim can have")


def _ranges(difference: _Sum) -> str:
    """What the estimands of a comparison can be."""
    known = {range_of_estimand(estimand) for _, estimand in difference.terms}
    if known <= {(0, 1), (0, 10)}:
        return "an estimand lies between 0 and 1, a divergence between 0 and 10"
    texts = [f"between {show_exact(exact(low))} and {show_exact(exact(high))}" for low, high in sorted(known)]
    return f"its estimands lie {', '.join(texts)}"


def _only(estimand: Estimand | None) -> _Sum | None:
    return None if estimand is None else _Sum(((Fraction(1), estimand),), Fraction(0))


def _linear(found: _Sum, span: Span) -> Linear:
    terms = tuple(Scaled(k.numerator, k.denominator, estimand) for k, estimand in found.terms)
    return Linear(terms, (found.constant.numerator, found.constant.denominator), span)
