"""Functions as written -> typed bodies over their parameters, and calls -> the body with the arguments in their places.

A body is checked once, over the declared domains of its parameters, so that what is wrong in it is said where it is
written; a call only has to give values of these domains.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ...diagnostics import Label
from ...domains import Domain, integers
from ...scope import Reporter, report_twice
from ...syntax.expressions import Call
from ...syntax.leaves import Name
from ...syntax.tables import FunctionSyntax
from ..cycles import cyclic, show_cycle
from ..expressions.comprehensions import COMPREHENSIONS
from ..expressions.expression_checker import FUNCTIONS, ExpressionChecker
from ..expressions.expression_scope import Scope, calls_in, comparable, describe
from ..expressions.library import Function
from .domains import Domains


def check_functions(functions: Sequence[FunctionSyntax], domains: Domains, report: Reporter) -> None:
    """Enter every function into the library, in an order in which each comes after those that it calls."""
    by_name: dict[str, FunctionSyntax] = {}
    library = domains.library
    for syntax in functions:
        name = syntax.name
        if name.text in (*FUNCTIONS, *COMPREHENSIONS):
            report.error(
                "CS168",
                f"the function `{name.text}` is built in",
                name.span,
                "declared again",
                help="choose another name",
            )
        elif name.text in by_name:
            report_twice(report, f"function `{name.text}`", name.span, by_name[name.text].name.span)
        else:
            by_name[name.text] = syntax
            library.functions[name.text] = None
    calls = {name: _calls(syntax, by_name) for name, syntax in by_name.items()}
    cyclic = _report_cycles(by_name, calls, report)
    for called in _in_order(calls):
        if called not in cyclic:
            library.functions[called] = _check(by_name[called], domains, report)


def _check(syntax: FunctionSyntax, domains: Domains, report: Reporter) -> Function | None:
    parameters: dict[str, Domain | None] = {}
    spans: dict[str, Name] = {}
    for parameter in syntax.parameters:
        name = parameter.name
        if name.text in spans:
            report.error(
                "CS164",
                f"two parameters are called `{name.text}`",
                name.span,
                "again here",
                related=[Label(spans[name.text].span, "first here")],
                help="rename one of them",
            )
            return None
        spans[name.text] = name
        parameters[name.text] = domains.check_domain(parameter.domain)
    result = domains.check_domain(syntax.result) if syntax.result is not None else None
    scope = Scope(parameters, domains.symbols, library=domains.library, partial=True, guards=True)
    body = ExpressionChecker(scope, report).check(syntax.body, result)
    known = {name: domain for name, domain in parameters.items() if domain is not None}
    if body is None or len(known) < len(parameters) or (syntax.result is not None and result is None):
        return None
    if result is not None:
        if not comparable(result, body.domain) or (
            result.is_integer and not (result.low <= body.domain.low and body.domain.high <= result.high)
        ):
            found = (
                f"{body.domain.low}..{body.domain.high}" if comparable(result, body.domain) else describe(body.domain)
            )
            assert syntax.result is not None
            report.error(
                "CS166",
                f"`{syntax.name.text}` gives `{result.name}`, its expression {found}",
                body.span,
                related=[Label(syntax.result.span, "stated here")],
                help="change the type or the expression",
            )
            return None
        body = replace(body, domain=integers(result.low, result.high) if result.is_integer else result)
    return Function(syntax.name.text, known, body, syntax.name.span)


def _calls(syntax: FunctionSyntax, functions: Mapping[str, FunctionSyntax]) -> dict[str, Call]:
    """The functions that a body calls, each with its first call."""
    found: dict[str, Call] = {}
    for call in calls_in(syntax.body):
        if call.function.text in functions:
            found.setdefault(call.function.text, call)
    return found


def _report_cycles(
    functions: Mapping[str, FunctionSyntax], calls: Mapping[str, Mapping[str, Call]], report: Reporter
) -> set[str]:
    """Functions that call themselves in the end, and those that need one of them; one report for each cycle."""
    order = {name: index for index, name in enumerate(calls)}
    cycles = cyclic(calls)
    for name in sorted((min(cycle, key=order.__getitem__) for cycle in cycles), key=order.__getitem__):
        path = _path(name, calls)
        report.error(
            "CS163",
            f"function `{name}` calls itself",
            calls[name][path[1]].function.span,
            notes=[show_cycle(path, "calls")] if len(path) > 2 else [],
            help="functions are written out before anything runs: use `if` or a comprehension",
        )
    return _callers({name for cycle in cycles for name in cycle}, calls)


def _callers(names: set[str], calls: Mapping[str, Mapping[str, Call]]) -> set[str]:
    """Some functions and all that call one of them in the end."""
    callers: dict[str, list[str]] = {}
    for name, called in calls.items():
        for other in called:
            callers.setdefault(other, []).append(name)
    found, pending = set(names), list(names)
    while pending:
        for caller in callers.get(pending.pop(), ()):
            if caller not in found:
                found.add(caller)
                pending.append(caller)
    return found


def _path(name: str, calls: Mapping[str, Mapping[str, Call]]) -> list[str]:
    """A shortest way from a recursive function back to itself."""
    came: dict[str, str] = {}
    pending = [name]
    for step in pending:
        for other in calls[step]:
            if other == name:
                way = [name]
                while step != name:
                    way.append(step)
                    step = came[step]
                return [name, *reversed(way)]
            if other not in came:
                came[other] = step
                pending.append(other)
    raise AssertionError("the function reaches itself")


def _in_order(calls: Mapping[str, Mapping[str, Call]]) -> Iterator[str]:
    """Every function after those that it calls; cycles are broken anywhere."""
    done: set[str] = set()
    for start in calls:
        stack = [(start, iter(calls[start]))]
        entered = {start}
        while stack:
            name, rest = stack[-1]
            following = next((other for other in rest if other not in done and other not in entered), None)
            if following is not None:
                entered.add(following)
                stack.append((following, iter(calls[following])))
                continue
            stack.pop()
            if name not in done:
                done.add(name)
                yield name
