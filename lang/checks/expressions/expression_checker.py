"""Expressions as written -> typed expressions. Integers carry their interval, so types and ranges are one thing."""

from ...diagnostics import Label, Span
from ...domains import BOOL, Domain, integers
from ...expressions import Apply, Constant, Expression
from ...scope import Reporter
from ...suggest import suggest
from ...syntax.expressions import (
    Attribute,
    Call,
    Comprehension,
    Conditional,
    ExpressionSyntax,
    InRange,
    InSet,
    InType,
    Lookup,
    Number,
    Operation,
    Reference,
    Symbol,
    The,
    Truth,
    Unrolled,
    UnrolledThe,
)
from ...syntax.leaves import Text
from ...words.borrowed import IN_EXPRESSIONS
from .calls import check_call
from .comprehensions import COMPREHENSIONS, check_comprehension
from .divisions import can_be_zero, find_open_division, report_zero
from .expression_scope import Scope, comparable, describe
from .intervals import check_magnitude, interval
from .lookups import check_attribute, check_named_lookup
from .operands import apply, is_number, is_truth
from .references import check_reference, check_text, symbol_constant
from .the import check_the, may_lack_value, report_partial

FUNCTIONS = ("min", "max", "abs")


class ExpressionChecker:
    """Types expressions of one scope; every method gives None where an error was reported, now or before."""

    def __init__(self, scope: Scope, report: Reporter) -> None:
        self.scope = scope
        self.report = report

    def check_condition(self, syntax: ExpressionSyntax, what: str) -> Expression | None:
        """An expression that must be a truth value."""
        typed = self.check(syntax)
        if typed is not None and not typed.domain.is_boolean:
            self.report.error(
                "CS106",
                f"expected a truth value in {what}, found {describe(typed.domain)}",
                syntax.span,
                help="compare it with something: `x == y`, `x > 0`",
            )
            return None
        return typed

    def check(self, syntax: ExpressionSyntax, expected: Domain | None = None) -> Expression | None:
        """The typed expression. `expected` only decides between symbols of the same name."""
        match syntax:
            case Number(value, span):
                domain = check_magnitude(integers(value, value), span, self.report)
                return Constant(value, domain, span) if domain else None
            case Truth(value, span):
                return Constant(int(value), BOOL, span)
            case Symbol(label, domain, span):
                return symbol_constant(domain, label, span)
            case Text():
                return check_text(syntax, expected, self.scope, self.report)
            case Lookup():
                return check_named_lookup(syntax, self.scope, self.report, self.check)
            case Attribute():
                return check_attribute(syntax, self.scope, self.report, self.check)
            case Reference():
                return check_reference(syntax, expected, self.scope, self.report, self.check)
            case Operation(operator=("and" | "or" | "not")):
                return self._check_logic(syntax)
            case Operation(operator=("==" | "!=")):
                return self._check_equality(syntax)
            case Operation(operator=("<" | "<=" | ">" | ">=")):
                return self._check_order(syntax)
            case Operation(operator, operands):
                return self._check_arithmetic(operator, operands, syntax.span)
            case Conditional():
                return self._check_conditional(syntax, expected)
            case InSet():
                return self._check_in_set(syntax)
            case InRange():
                return self._check_in_range(syntax)
            case Call():
                return self._check_call(syntax)
            case Unrolled():
                return check_comprehension(syntax, self.report, self.check, self.check_condition)
            case UnrolledThe():
                return check_the(syntax, self.scope, self.report, self.check, self.check_condition)
            case Comprehension() | InType() | The():
                raise AssertionError("all are written out before types are checked")

    # --- logic and comparisons

    def _check_logic(self, syntax: Operation) -> Expression | None:
        operands = [self.check(operand) for operand in syntax.operands]
        if not all(is_truth(operand, syntax.operator, self.report) for operand in operands):
            return None
        return apply(syntax.operator, operands, BOOL, syntax.span)

    def _check_equality(self, syntax: Operation) -> Expression | None:
        first, second = syntax.operands
        if self._is_bare_symbol(first):
            right = self.check(second)
            left = self.check(first, right.domain if right else None)
        else:
            left = self.check(first)
            right = self.check(second, left.domain if left else None)
        if left is None or right is None or not self._are_comparable(left, right, syntax.operator):
            return None
        return apply(syntax.operator, [left, right], BOOL, syntax.span)

    def _is_bare_symbol(self, syntax: ExpressionSyntax) -> bool:
        return isinstance(syntax, Text) or (
            isinstance(syntax, Reference) and syntax.index is None and syntax.name.text not in self.scope.variables
        )

    def _are_comparable(self, left: Expression, right: Expression, operator: str) -> bool:
        if comparable(left.domain, right.domain):
            return True
        self.report.error(
            "CS105",
            f"`{operator}` compares {describe(left.domain)} with {describe(right.domain)}",
            right.span,
            f"this is {describe(right.domain)}",
            related=[Label(left.span, f"this is {describe(left.domain)}")],
            help="both sides need the same type",
        )
        return False

    def _check_order(self, syntax: Operation) -> Expression | None:
        operands = [self.check(operand) for operand in syntax.operands]
        for operand in operands:
            if operand is not None and not operand.domain.is_integer:
                self.report.error(
                    "CS107",
                    f"`{syntax.operator}` orders numbers, found {describe(operand.domain)}",
                    operand.span,
                    f"this is {describe(operand.domain)}",
                    help="truth values and symbols have no order; use `==` or `in {a, b}`",
                )
                return None
        if None in operands:
            return None
        return apply(syntax.operator, operands, BOOL, syntax.span)

    def _check_in_set(self, syntax: InSet) -> Expression | None:
        first_clear = next((a for a in syntax.alternatives if not self._is_bare_symbol(a)), None)
        hint = self.check(first_clear) if self._is_bare_symbol(syntax.element) and first_clear is not None else None
        element = self.check(syntax.element, hint.domain if hint else None)
        alternatives = [self.check(a, element.domain if element else None) for a in syntax.alternatives]
        if element is None or None in alternatives:
            return None
        if not all(self._are_comparable(element, a, "in") for a in alternatives if a is not None):
            return None
        return _negated(apply("in", [element, *alternatives], BOOL, syntax.span), syntax.negated)

    def _check_in_range(self, syntax: InRange) -> Expression | None:
        operands = [self.check(part) for part in (syntax.element, syntax.low, syntax.high)]
        element, low, high = operands
        if not all(is_number(operand, "in", self.report) for operand in operands):
            return None
        assert element is not None
        assert low is not None
        assert high is not None
        if low.domain.low > high.domain.high:
            self.report.error(
                "CS113",
                "the range is empty",
                Span(low.span.start, high.span.end),
                help="both ends belong to a range; the smaller one comes first",
            )
            return None
        above = apply(">=", [element, low], BOOL, syntax.span)
        below = apply("<=", [element, high], BOOL, syntax.span)
        return _negated(apply("and", [above, below], BOOL, syntax.span), syntax.negated)

    def _check_conditional(self, syntax: Conditional, expected: Domain | None) -> Expression | None:
        condition = self.check_condition(syntax.condition, "`if`")
        if expected is None and self._is_bare_symbol(syntax.then):
            otherwise = self.check(syntax.otherwise)
            then = self.check(syntax.then, otherwise.domain if otherwise else None)
        else:
            then = self.check(syntax.then, expected)
            otherwise = self.check(syntax.otherwise, expected or (then.domain if then else None))
        if condition is None or then is None or otherwise is None:
            return None
        if not comparable(then.domain, otherwise.domain):
            self.report.error(
                "CS119",
                f"`then` gives {describe(then.domain)}, `else` gives {describe(otherwise.domain)}",
                otherwise.span,
                f"this is {describe(otherwise.domain)}",
                related=[Label(then.span, f"this is {describe(then.domain)}")],
                help="both branches need the same type",
            )
            return None
        domain = then.domain
        if domain.is_integer:
            domain = integers(min(domain.low, otherwise.domain.low), max(domain.high, otherwise.domain.high))
        return apply("if", [condition, then, otherwise], domain, syntax.span)

    # --- arithmetic

    def _check_call(self, syntax: Call) -> Expression | None:
        function = syntax.function
        if function.text in self.scope.library.functions:
            called = self.scope.library.functions[function.text]
            if called is not None and not self.scope.partial and may_lack_value(called.body):
                report_partial(f"`{function.text}` may have no answer", syntax.span, self.report)
                return None
            written_out = check_call(syntax, called, self.report, self.check)
            open_division = None if self.scope.guards or written_out is None else find_open_division(written_out)
            if open_division is not None:
                report_zero(open_division.operator, open_division.arguments[1].domain, syntax.span, self.report)
                return None
            return written_out
        if function.text in COMPREHENSIONS and function.text not in FUNCTIONS:
            self.report.error(
                "CS120",
                f"expected `for` in `{function.text}(...)`",
                syntax.span,
                help=f"write `{function.text}(x[i] for i in 0..3)`",
            )
            return None
        if function.text not in FUNCTIONS:
            notes = [f"`{function.text}` is a variable"] if function.text in self.scope.variables else []
            self.report.error(
                "CS101",
                f"expected a function, found `{function.text}`",
                function.span,
                help=IN_EXPRESSIONS.get(function.text)
                or suggest(function.text, (*FUNCTIONS, *self.scope.library.functions), "functions"),
                notes=notes,
            )
            return None
        count = len(syntax.arguments)
        if (function.text == "abs") != (count == 1):
            wanted = "one value" if function.text == "abs" else "at least two values"
            self.report.error(
                "CS120",
                f"`{function.text}` takes {wanted}, found {count}",
                syntax.span,
                help="write `abs(x)`" if function.text == "abs" else f"write `{function.text}(x, y)`",
            )
            return None
        return self._check_arithmetic(function.text, syntax.arguments, syntax.span)

    def _check_arithmetic(self, operator: str, parts: tuple[ExpressionSyntax, ...], span: Span) -> Expression | None:
        operands = [self.check(part) for part in parts]
        if not all(is_number(operand, operator, self.report) for operand in operands):
            return None
        domains = [operand.domain for operand in operands if operand is not None]
        if operator in ("//", "%") and can_be_zero(domains[1]) and (domains[1].size == 1 or not self.scope.guards):
            report_zero(operator, domains[1], parts[1].span, self.report)
            return None
        domain = check_magnitude(interval(operator, domains), span, self.report)
        return apply(operator, operands, domain, span) if domain else None


def _negated(expression: Apply, negated: bool) -> Apply:
    return Apply("not", (expression,), BOOL, expression.span) if negated else expression
