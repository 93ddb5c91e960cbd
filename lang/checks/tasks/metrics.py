"""Metrics as written -> typed metrics of a task."""

import re
from collections.abc import Mapping
from math import isfinite
from typing import Literal

from ...diagnostics import Label, Span
from ...domains import Domain
from ...expressions import Expression, Variable
from ...families import families_of, family_name
from ...metrics import (
    CORRECT,
    Amount,
    Arithmetic,
    Lookup,
    Metric,
    MetricExpression,
    Reading,
    ReadingName,
    parts_of,
)
from ...program import OpenTable, Table
from ...scope import Reporter, report_twice
from ...suggest import suggest
from ...syntax.expressions import ExpressionSyntax
from ...syntax.leaves import Decimal
from ...syntax.metrics import AnswerKey, LookupSyntax, MetricExpressionSyntax, MetricSyntax, ReadingSyntax
from ...texts import Template
from ..expressions.expression_checker import ExpressionChecker
from ..expressions.lookups import count_keys, fits_domain
from ..expressions.texts import check_template

DECIMAL = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\s*", re.ASCII)
"""A number in a table of texts."""
READINGS: tuple[ReadingName, ...] = ("prob", "logit", "logprob")


def check_metrics(
    written: list[MetricSyntax],
    taken: Mapping[str, Span],
    answer: Domain | None,
    one: bool,
    checker: ExpressionChecker,
    report: Reporter,
) -> dict[str, Metric | None]:
    """Every metric by name; None marks one that is wrong and reported.

    `taken` are the names of inputs and outputs, `answer` the domain of the answer where it is `one` value (None, too,
    where it is broken), and `checker` types slots and keys.
    """
    found: dict[str, Metric | None] = {}
    names: dict[str, Span] = {}
    for syntax in written:
        name = syntax.name.name
        if name.text in names:
            report_twice(report, f"metric `{name.text}`", syntax.name.span, names[name.text])
            continue
        names[name.text] = syntax.name.span
        if name.text == CORRECT.name or family_name(name.text) in taken:
            what = "is always there" if name.text == CORRECT.name else "is an input or output of the task"
            report.error(
                "CS102",
                f"a metric cannot be called `{name.text}`: `{name.text}` {what}",
                syntax.name.span,
                related=[Label(taken[name.text], "declared here")] if name.text in taken else (),
                help="choose another name for the metric",
            )
            continue
        found[name.text] = _MetricChecker(checker, answer, one, report).check(syntax)
    clashes = families_of(found).keys() & found.keys()
    for name_text in sorted(clashes):
        report.error(
            "CS206", f"`{name_text}` is both a metric and a family of metrics", names[name_text], help="rename one"
        )
    return found


def is_decimal(text: str) -> bool:
    """Whether a text of a table is a number that a metric can read."""
    return DECIMAL.fullmatch(text) is not None and isfinite(float(text))


class _MetricChecker:
    """Types one metric."""

    def __init__(self, checker: ExpressionChecker, answer: Domain | None, one: bool, report: Reporter) -> None:
        self.checker = checker
        self.answer = answer
        self.one = one
        self.report = report

    def check(self, syntax: MetricSyntax) -> Metric | None:
        low, high = syntax.low, syntax.high
        if low.value >= high.value:
            self.report.error(
                "CS190",
                "expected bounds of which the second is larger",
                Span(low.span.start, high.span.end),
                help="values are clipped to the bounds, and intervals rest on them: `metric m: 0..1 = ...`",
            )
        expression = self._expression(syntax.expression)
        if low.value >= high.value or expression is None:
            return None
        if not any(isinstance(part, Reading | Lookup) for part in parts_of(expression)):
            self.report.error(
                "CS191",
                f"metric `{syntax.name.name.text}` reads nothing of the run",
                syntax.expression.span,
                help='read a token, `prob(" yes")`, `logit(" a") - logit(" b")`, or a table, `judge[answer]`',
            )
            return None
        return Metric(syntax.name.name.text, low.value, high.value, expression, syntax.span)

    def _expression(self, syntax: MetricExpressionSyntax) -> MetricExpression | None:
        match syntax:
            case Decimal(value):
                return Amount(value, syntax.span)
            case LookupSyntax():
                lookup = self._lookup(syntax)
                return lookup if lookup is not None and self._is_number(lookup) else None
            case ReadingSyntax():
                return self._reading(syntax)
            case _:
                operands = [self._expression(operand) for operand in syntax.operands]
                known = tuple(operand for operand in operands if operand is not None)
                if len(known) < len(operands):
                    return None
                return Arithmetic(syntax.operator, known, syntax.span)  # type: ignore[arg-type]

    def _reading(self, syntax: ReadingSyntax) -> Reading | None:
        function = next((name for name in READINGS if name == syntax.function.text), None)
        if function is None:
            self.report.error(
                "CS101",
                f"expected a reading of a run, found `{syntax.function.text}`",
                syntax.function.span,
                help=suggest(syntax.function.text, READINGS, "readings"),
            )
            return None
        text: Template | Lookup | None
        if isinstance(syntax.text, LookupSyntax) and not syntax.text.keys:
            self.report.error(
                "CS101",
                f"expected a text or a row of a table, found `{syntax.text.table.text}`",
                syntax.text.span,
                help=f'write what the network says in quotes: `{function}(" yes")`',
            )
            return None
        if isinstance(syntax.text, LookupSyntax):
            text = self._lookup(syntax.text)
            if text is not None and "answer" in text.keys:
                self.report.error(
                    "CS193",
                    "the text that is asked about would be settled by the run itself",
                    syntax.text.span,
                    help="read it by inputs: `logprob(good[x])`; a number by the answer is `judge[answer]`",
                )
                return None
        else:
            text = check_template(syntax.text, self.checker, self.report)
            if text is not None and not text.parts:
                help = "name the token or the text that is asked about"
                self.report.error("CS187", "the text is empty", syntax.text.span, help=help)
                return None
        return None if text is None else Reading(function, text, syntax.span)

    def _lookup(self, syntax: LookupSyntax) -> Lookup | None:
        if not syntax.keys:
            name = syntax.table.text
            self.report.error(
                "CS101",
                f"expected `prob(...)`, `logit(...)`, `logprob(...)` or a row of a table, found `{name}`",
                syntax.span,
                help=f"a row of a table is read by its key: `{name}[answer]`",
            )
            return None
        tables = self.checker.scope.library.tables
        if syntax.table.text not in tables:
            self.report.error(
                "CS101",
                f"expected a table, found the unknown name `{syntax.table.text}`",
                syntax.table.span,
                "not declared",
                help=suggest(syntax.table.text, tables, "tables"),
            )
            return None
        table = tables[syntax.table.text]
        wanted = self._key_domains(syntax, table)
        if wanted is None:
            return None
        keys = tuple(self._key(key, domain, syntax) for key, domain in zip(syntax.keys, wanted, strict=True))
        if None in keys or table is None:  # of a broken table its own error is enough
            return None
        return Lookup(syntax.table.text, keys, syntax.span)  # type: ignore[arg-type]

    def _is_number(self, lookup: Lookup) -> bool:
        """Whether what a table holds is numbers, or truth values; reports it where not."""
        table = self.checker.scope.library.tables[lookup.table]
        found: str | None = None
        if isinstance(table, Table) and table.domain.labels is not None and not table.domain.is_boolean:
            found = f"holds values of `{table.domain.name}`"
        if isinstance(table, OpenTable):
            key = next((key for key, value in table.rows if not is_decimal(value)), None)
            found = None if key is None else f"holds `{dict(table.rows)[key]}` for `{key}`"
        if found is None:
            return True
        self.report.error(
            "CS193",
            f"expected a table of numbers, found that `{lookup.table}` {found}",
            lookup.span,
            help="write a number in every row, and leave out rows that have none yet",
        )
        return False

    def _key_domains(self, syntax: LookupSyntax, table: Table | OpenTable | None) -> tuple[Domain | None, ...] | None:
        """What each key must be; None where a table holds texts, or is broken. None for another number of keys."""
        count = len(syntax.keys)
        wanted: tuple[Domain | None, ...] = (None,) * (count if table is None else 1)
        if isinstance(table, Table):
            wanted = table.keys
        if count == len(wanted):
            return wanted
        self.report.error(
            "CS160",
            f"`{syntax.table.text}` takes {count_keys(len(wanted))}, found {count}",
            syntax.span,
            help="write one expression for each key, `table[x, answer]`",
        )
        return None

    def _key(
        self, key: AnswerKey | ExpressionSyntax, domain: Domain | None, syntax: LookupSyntax
    ) -> Expression | Literal["answer"] | None:
        what = f"a key of `{syntax.table.text}`"
        typed: Expression | None
        if isinstance(key, AnswerKey):
            if domain is not None and not self.one:
                self.report.error(
                    "CS193",
                    f"{what} is one value, and the answer is a text or several outputs",
                    key.span,
                    help='read a table of texts: `table judge = csv("judge.csv", key: reply, value: score)`',
                )
                return None
            typed = None if self.answer is None else Variable("answer", self.answer, None, key.span)
        else:
            typed = self.checker.check(key, domain)
        fits = typed is None or domain is None or fits_domain(typed, domain, what, self.report)
        if isinstance(key, AnswerKey):
            return "answer" if fits else None
        return typed if fits else None
