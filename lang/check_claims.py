"""A claim as written -> linear comparisons of estimands, exact numbers, and an expectation that can come."""

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, cast

from .check_recipes import find_recipe
from .diagnostics import Source, Span
from .program import Accuracy, Claim, Comparison, Estimand, Iia, Linear, Outcome, Scaled
from .scope import AlignmentView, Names, Reporter, report_repeated
from .suggest import suggest
from .syntax import (
    AccuracySyntax,
    ClaimOperation,
    ClaimSyntax,
    ComparisonSyntax,
    Decimal,
    IiaSyntax,
    Name,
    NetworkReference,
    Quantity,
)

OUTCOMES = ("holds", "refuted", "unsupported", "inconclusive")
REASONS = (
    "straddles",
    "task_not_solved",
    "too_few_changed",
    "numeric",
    "search_not_shown",
    "vacuous",
    "control_unsettled",
)
LATER_REASONS = ("budget", "off_distribution", "unstable", "awaiting_scores", "out_of_range")


@dataclass(frozen=True)
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
        """The least and the largest value, as every estimand lies in [0, 1]."""
        factors = list(self.coefficients.values())
        low = sum((factor for factor in factors if factor < 0), self.constant)
        return low, sum((factor for factor in factors if factor > 0), self.constant)


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

    def check(self, source: Source) -> Claim | None:
        errors = self.report.errors
        parts = [self._comparison(part) for part in self.syntax.parts]
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
                help="every estimand lies between 0 and 1; choose a bound that can be met and missed",
            )
            return False
        sign = -1 if syntax.relation == "<=" else 1
        learned = [factor * sign for estimand, factor in difference.coefficients.items() if self._is_learned(estimand)]
        self.unsupportable |= any(factor > 0 for factor in learned) or bool(learned and syntax.relation == "==")
        self.refutable |= all(factor < 0 for factor in learned) or syntax.relation == "=="
        return True

    def _is_learned(self, estimand: Estimand) -> bool:
        if isinstance(estimand, Accuracy):
            return False
        view = self.names.alignments.entries[estimand.alignment]
        assert view is not None
        return bool(view.learned & set(estimand.only or view.placed))

    # --- quantities

    def _lower(self, syntax: Quantity) -> _Sum | None:
        match syntax:
            case Decimal(value=value):
                return _Sum((), value)
            case AccuracySyntax():
                accuracy = self._accuracy(syntax)
                return _Sum(((Fraction(1), accuracy),), Fraction(0)) if accuracy else None
            case IiaSyntax():
                iia = self._iia(syntax)
                return _Sum(((Fraction(1), iia),), Fraction(0)) if iia else None
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

    def _network(self, reference: NetworkReference) -> tuple[str, bool] | None:
        wrapper = reference.wrapper
        if wrapper is not None and wrapper.text != "random":
            self.report.error(
                "CS101",
                f"expected `random`, found `{wrapper.text}`",
                wrapper.span,
                help=suggest(wrapper.text, ["random"], "choices"),
            )
            return None
        if reference.network.text == "random" and reference.network.text not in self.names.networks.entries:
            self.report.error(
                "CS101",
                "`random` of which network",
                reference.network.span,
                help="write `random(N)` with a network's name",
            )
            return None
        if self.names.find(self.names.networks, reference.network) is None:
            return None
        return reference.network.text, wrapper is not None

    def _accuracy(self, syntax: AccuracySyntax) -> Accuracy | None:
        network = self._network(syntax.network)
        task = self._task(syntax, network[0] if network else None)
        if network is None or task is None:
            return None
        recipe = find_recipe(syntax.over, task, self.names, syntax.span, self.report)
        return Accuracy(network[0], network[1], task, recipe.name, syntax.span) if recipe.known else None

    def _task(self, syntax: AccuracySyntax, network: str | None) -> str | None:
        """The task that is named, else the file's only one, else the only one that the network is aligned with."""
        tasks = self.names.tasks
        if syntax.task is not None:
            return syntax.task.text if self.names.find(tasks, syntax.task) is not None else None
        if len(tasks.entries) == 1:
            (only,) = tasks.entries
            return only if tasks.entries[only] is not None else None
        views = self.names.alignments.entries.values()
        if network is None or None in views or None in tasks.entries.values():
            return None
        serves = list(dict.fromkeys(view.task for view in views if view and view.network == network))
        if len(serves) == 1:
            return serves[0]
        what = suggest("", tasks.entries, "tasks") if tasks.entries else "declare a `task` first"
        self.report.error(
            "CS416",
            f"`accuracy({network})` at which task",
            syntax.span,
            help=f"name it: `accuracy({network}, TASK)`; {what}" if tasks.entries else what,
        )
        return None

    def _iia(self, syntax: IiaSyntax) -> Iia | None:
        view = self.names.find(self.names.alignments, syntax.alignment)
        networks = [self._network(reference) for reference in syntax.networks]
        if len(syntax.networks) > 1:
            report_repeated(self.report, "`on`", syntax.networks[1].span, syntax.networks[0].span)
            return None
        if len(syntax.over) > 1:
            report_repeated(self.report, "`over`", syntax.over[1][0].span, syntax.over[0][0].span)
            return None
        if view is None or None in networks:
            return None
        only = self._members(syntax, view)
        if syntax.members is not None and only is None:
            return None
        name, random = networks[0] if networks and networks[0] is not None else (view.network, False)
        if syntax.over:
            recipe = find_recipe(syntax.over[0], view.task, self.names, syntax.span, self.report)
            if not recipe.known:
                return None
            return Iia(view.name, only, name, random, recipe.name, span=syntax.span)
        return Iia(view.name, only, name, random, view.pairs, span=syntax.span) if view.pairs_known else None

    def _members(self, syntax: IiaSyntax, view: AlignmentView) -> tuple[str, ...] | None:
        """The variables that are interchanged, in the alignment's order."""
        if syntax.members is None:
            return None
        seen: dict[str, Name] = {}
        intact = True
        for name in syntax.members:
            if name.text not in view.placed:
                self.report.error(
                    "CS417",
                    f"alignment `{view.name}` does not place `{name.text}`",
                    name.span,
                    help=suggest(name.text, view.placed, "variables"),
                )
                intact = False
            elif name.text in seen:
                report_repeated(self.report, f"`{name.text}`", name.span, seen[name.text].span)
                intact = False
            seen.setdefault(name.text, name)
        return tuple(name for name in view.placed if name in seen) if intact else None

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
        self._check_reason(outcome, expect.reason)
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

    def _check_reason(self, outcome: Name, reason: Name | None) -> None:
        if reason is None:
            return
        if outcome.text != "inconclusive":
            self.report.error(
                "CS418",
                f"`{outcome.text}` takes no reason",
                reason.span,
                help=f"write `expect {outcome.text}`, or `expect inconclusive({reason.text})`",
            )
        elif reason.text in LATER_REASONS:
            message = f"the reason `{reason.text}` is part of the language but not built yet"
            self.report.error("CS010", message, reason.span, help="no verdict has it yet")
        elif reason.text not in REASONS:
            self.report.error(
                "CS418",
                f"unknown reason `{reason.text}`",
                reason.span,
                help=suggest(reason.text, REASONS, "reasons"),
            )


def _linear(found: _Sum, span: Span) -> Linear:
    terms = tuple(Scaled(k.numerator, k.denominator, estimand) for k, estimand in found.terms)
    return Linear(terms, (found.constant.numerator, found.constant.denominator), span)
