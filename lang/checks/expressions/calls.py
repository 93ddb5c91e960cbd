"""Calls of a file's functions -> the function's body with the arguments in the places of its parameters."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from ...diagnostics import Label
from ...domains import Domain
from ...expressions import Apply, Expression, Variable
from ...scope import Reporter
from ...syntax.expressions import Call, ExpressionSyntax
from .library import Function
from .lookups import fits_domain

Check = Callable[[ExpressionSyntax, Domain | None], Expression | None]
MAX_SIZE = 50_000
"""Operators, names and numbers that an expression may have once its calls are written out."""
MAX_DEPTH = 200


def check_call(syntax: Call, function: Function | None, report: Reporter, check: Check) -> Expression | None:
    """The call written out; None after an error."""
    name = syntax.function.text
    if function is None:
        for argument in syntax.arguments:
            check(argument, None)
        return None
    parameters = function.parameters
    if len(syntax.arguments) != len(parameters):
        wanted = "one value" if len(parameters) == 1 else f"{len(parameters)} values"
        report.error(
            "CS120",
            f"`{name}` takes {wanted}, found {len(syntax.arguments)}",
            syntax.span,
            related=[Label(function.span, "declared here")],
            help=f"write `{name}({', '.join(parameters)})`",
        )
        return None
    typed = [check(a, domain) for a, domain in zip(syntax.arguments, parameters.values(), strict=True)]
    arguments: dict[str, Expression] = {}
    for value, (parameter, domain) in zip(typed, parameters.items(), strict=True):
        if value is None or not fits_domain(value, domain, f"`{parameter}` of `{name}`", report):
            return None
        arguments[parameter] = value
    size, depth = _measure(function.body, {p: _measure(a, {}) for p, a in arguments.items()})
    if size > MAX_SIZE or depth > MAX_DEPTH:
        what = f"{size:,} operators, names and numbers" if size > MAX_SIZE else f"{depth} levels"
        report.error(
            "CS167",
            f"written out, this call has {what}",
            syntax.span,
            help="name a part of it as a variable of its own",
        )
        return None
    return _written_out(function.body, arguments)


def _measure(expression: Expression, variables: Mapping[str, tuple[int, int]]) -> tuple[int, int]:
    """The size and depth of an expression in which some variables stand for expressions of known size and depth."""
    match expression:
        case Variable(name=name):
            return variables.get(name, (1, 1))
        case Apply(arguments=arguments):
            parts = [_measure(argument, variables) for argument in arguments]
            return 1 + sum(size for size, _ in parts), 1 + max(depth for _, depth in parts)
    return 1, 1


def _written_out(body: Expression, arguments: Mapping[str, Expression]) -> Expression:
    match body:
        case Variable(name=name):
            return arguments[name]
        case Apply(arguments=parts):
            return replace(body, arguments=tuple(_written_out(part, arguments) for part in parts))
    return body
