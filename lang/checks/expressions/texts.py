"""Texts as written -> typed templates: slots with typed expressions, formats and names."""

from dataclasses import replace

from ...expressions import Constant, Variable
from ...scope import Reporter
from ...syntax.leaves import Name
from ...syntax.texts import FormatSyntax, SlotSyntax, TemplateSyntax
from ...texts import Slot, Template
from .expression_checker import ExpressionChecker
from .expression_scope import describe

MAX_WIDTH = 100


def check_template(syntax: TemplateSyntax, checker: ExpressionChecker, report: Reporter) -> Template | None:
    """A text with its slots typed in the checker's scope. None after an error.

    A slot that reads nothing is plain text. One that repeats another's name without an `as` of its own has none.
    """
    errors, whole = report.errors, True
    parts: list[str | Slot] = []
    given: dict[str, Name] = {}
    for part in syntax.parts:
        found = part if isinstance(part, str) else _check_slot(part, checker, report)
        whole &= found is not None
        if isinstance(part, SlotSyntax) and part.name is not None:
            if part.name.text in given:
                report.error("CS192", f"two slots are called `{part.name.text}`", part.name.span, help=_RENAME)
            given[part.name.text] = part.name
        if isinstance(found, Slot) and isinstance(found.expression, Constant):
            found = found.render(found.expression.value)
        if isinstance(found, str) and parts and isinstance(parts[-1], str):
            parts[-1] += found
        elif found is not None:
            parts.append(found)
    if report.errors > errors or not whole:
        return None
    names = [part.name for part in parts if isinstance(part, Slot)]
    repeated = {name for name in names if name is not None and names.count(name) > 1}
    unclear = {name for name in repeated if name not in given}
    named = tuple(replace(p, name=None) if isinstance(p, Slot) and p.name in unclear else p for p in parts)
    return Template(named, syntax.span)


_RENAME = "give each slot a name of its own after `as`"


def _check_slot(syntax: SlotSyntax, checker: ExpressionChecker, report: Reporter) -> Slot | None:
    expression = checker.check(syntax.expression)
    if expression is None:
        return None
    format = syntax.format or FormatSyntax(0, False)
    if syntax.format is not None and not 1 <= format.width <= MAX_WIDTH:
        report.error(
            "CS183",
            f"expected a width of 1..{MAX_WIDTH}, found {format.width}",
            format.span,
            help="`{x:3}` pads with spaces to three characters, `{x:03}` with zeros",
        )
        return None
    if format.zeros and not expression.domain.is_integer:
        report.error(
            "CS183",
            f"zeros pad a number, and this is {describe(expression.domain)}",
            format.span,
            help=f"pad it with spaces: `:{format.width}`",
        )
        return None
    implied = expression.name if isinstance(expression, Variable) else None
    if syntax.name is not None and syntax.name.text in checker.scope.variables and syntax.name.text != implied:
        report.error(
            "CS192",
            f"`{syntax.name.text}` is the name of an input, and this slot is another",
            syntax.name.span,
            help=_RENAME,
        )
        return None
    name = syntax.name.text if syntax.name is not None else implied
    return Slot(expression, name, format.width, format.zeros, syntax.span)
