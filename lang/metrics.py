"""Metrics: numbers read from one run of a network."""

from collections.abc import Iterator
from dataclasses import field
from fractions import Fraction
from typing import Literal

from .diagnostics import NOWHERE, Span
from .expressions import Expression
from .record import record
from .texts import Template

ReadingName = Literal["prob", "logit", "logprob"]


@record
class Lookup:
    """`judge[answer]`, `good[ask]`: a row of a table. A key is an expression over the inputs, or the run's answer."""

    table: str
    keys: tuple[Expression | Literal["answer"], ...]
    span: Span = field(default=NOWHERE, compare=False)


@record
class Reading:
    """`prob(TEXT)`, `logit(TEXT)`: of the next token, which TEXT is; `logprob(TEXT)`: of all tokens of TEXT, summed."""

    function: ReadingName
    text: Template | Lookup
    span: Span = field(default=NOWHERE, compare=False)


@record
class Amount:
    """A number as it is written."""

    value: Fraction
    span: Span = field(default=NOWHERE, compare=False)


@record
class Arithmetic:
    """An operator on metric expressions: `+ - *`, or `negate` on one."""

    operator: Literal["+", "-", "*", "negate"]
    operands: tuple["MetricExpression", ...]
    span: Span = field(default=NOWHERE, compare=False)


@record
class Correct:
    """1 where the network's answer is the task's output, else 0. Every task with an output has it."""


MetricExpression = Lookup | Reading | Amount | Arithmetic | Correct


@record
class Metric:
    """`metric NAME: LOW..HIGH = EXPRESSION`. Values are clipped to the bounds, since intervals rest on them."""

    name: str
    low: Fraction
    high: Fraction
    expression: MetricExpression
    span: Span = field(default=NOWHERE, compare=False)

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that it reads."""
        return tuple(dict.fromkeys(part.table for part in parts_of(self.expression) if isinstance(part, Lookup)))

    @property
    def reads_answer(self) -> bool:
        """Whether it reads the run's answer, so that the answer must be generated first."""
        found = (part for part in parts_of(self.expression) if isinstance(part, Lookup))
        return any("answer" in part.keys for part in found)


CORRECT = Metric("correct", Fraction(0), Fraction(1), Correct())


def parts_of(expression: MetricExpression) -> Iterator[MetricExpression]:
    """The expression and everything in it, left to right."""
    yield expression
    match expression:
        case Arithmetic(operands=operands):
            for operand in operands:
                yield from parts_of(operand)
        case Reading(text=Lookup() as lookup):
            yield lookup
        case _:
            pass
