"""A claim as written -> linear comparisons of estimands, exact numbers, and an expectation that can come."""

import re
from fractions import Fraction
from typing import Literal, cast

from ...claims import Case, Claim, Comparison, Estimand
from ...diagnostics import Source
from ...scope import Names, Reporter
from ...syntax.claims import ClaimSyntax, ComparisonSyntax
from ...syntax.expressions import Number
from ...unroll.static_index import report_not_static
from ...unroll.static_values import static_value
from ...unroll.unroll_expressions import index_text
from ..combinations import Combination
from .estimand_facts import is_learned
from .expectations import Outcomes, check_expectation
from .quantities import bounds_of, check_quantity, lower_quantity, show_ranges


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
        can = Outcomes(None not in parts, self.refutable, self.unsupportable, self.searches, self.syntax.exhaustively)
        expect, reason = check_expectation(self.syntax.expect, can, self.report)
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
        left = check_quantity(syntax.left, self.names, self.syntax.exhaustively)
        right = check_quantity(syntax.right, self.names, self.syntax.exhaustively)
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
            lower_quantity(left, syntax.left.span),
            relation,
            lower_quantity(right, syntax.right.span),
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

    def _check_decides(self, syntax: ComparisonSyntax, difference: Combination[Estimand]) -> bool:
        """Whether the comparison can be missed and met; notes which outcomes its learned parts allow."""
        low, high = bounds_of(difference.scaled(Fraction(-1)) if syntax.relation == "<=" else difference)
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
                help=show_ranges(difference) + "; choose a bound that can be met and missed",
            )
            return False
        sign = -1 if syntax.relation == "<=" else 1
        learned = [factor * sign for e, factor in difference.coefficients.items() if is_learned(e, self.names)]
        self.searches |= bool(learned)
        self.unsupportable |= any(factor > 0 for factor in learned) or bool(learned and syntax.relation == "==")
        self.refutable |= all(factor < 0 for factor in learned) or syntax.relation == "=="
        return True

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
