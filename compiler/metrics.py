"""Metrics as they are run: numbers that are read from one run of a network, with all that they depend on in one place.

`lower_metrics.py` makes them. Texts and rows are filled from the base's inputs, whatever is intervened on.
"""

from collections.abc import Iterator, Mapping
from dataclasses import field
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Literal

from ..lang.domains import Domain
from ..lang.expressions import Expression, variables_of
from ..lang.record import record
from ..lang.texts import Template
from .causal_model import Codes
from .expressions import Column, evaluate

ANSWER = "the answer"
"""The variable that stands for the run's answer in an expression; no input can be called so."""


@record
class TextTable:
    """Texts by texts: two columns of a CSV file. Where it is from is for people, and enters no key."""

    rows: tuple[tuple[str, str], ...]
    name: str = field(default="", compare=False)
    path: str = field(default="", compare=False)
    header: tuple[str, ...] = field(default=(), compare=False)
    key: str = field(default="", compare=False)
    value: str = field(default="", compare=False)

    @cached_property
    def by_key(self) -> dict[str, str]:
        """Its rows, to be looked up."""
        return dict(self.rows)


@record
class RowText:
    """The text that a table has for the value of an expression."""

    table: TextTable
    key: Expression


FilledText = Template | RowText
"""A text that an item's inputs settle."""


@record
class Number:
    """A number as it is written."""

    value: Fraction


@record
class Computed:
    """The value of an expression over inputs and the answer: what a finite table holds there."""

    expression: Expression


@record
class Scored:
    """The number that a table of texts holds for a key: an expression's value, or (None) the text that was generated.

    Its rows are scores that come when answers are known: of a text that was generated they are none of the criterion.
    """

    table: TextTable
    key: Expression | None


@record
class TokenRead:
    """`prob` or `logit` of the text's first token, or `logprob`, the sum over all its tokens.

    `tokens` is how many these are at most, as far as prompts were looked at.
    """

    function: Literal["prob", "logit", "logprob"]
    text: FilledText
    tokens: int = field(default=1, compare=False)


@record
class Combined:
    """Terms joined by `+`, `-` or `*`, or one that is negated."""

    operator: Literal["+", "-", "*", "negate"]
    operands: tuple["MetricTerm", ...]


MetricTerm = Number | Computed | Scored | TokenRead | Combined


@record
class Speech:
    """What cuts texts into tokens: the hash of the tokenizer's file in `folder`."""

    tokenizer: str
    folder: Path = field(compare=False)


@record
class Generation:
    """The answer is generated: up to `limit` tokens, each the best one, until one of `ends`, which is left out."""

    limit: int
    ends: tuple[int, ...]


@record
class RunMetric:
    """A metric of a task on a network. Its values are cut to `low` .. `high`.

    `inputs` are the task's, with their domains; `answer` the domain of its output (None: it has none).
    """

    term: MetricTerm
    low: Fraction
    high: Fraction
    inputs: tuple[tuple[str, Domain], ...]
    answer: Domain | None
    speech: Speech | None
    generation: Generation | None = None
    name: str = field(default="", compare=False)

    @property
    def range(self) -> tuple[float, float]:
        """The bounds of its values."""
        return float(self.low), float(self.high)

    @property
    def reads(self) -> tuple[TokenRead, ...]:
        """What it asks of tokens, left to right, each once."""
        return tuple(dict.fromkeys(part for part in parts_of(self.term) if isinstance(part, TokenRead)))

    @property
    def followed(self) -> tuple[FilledText, ...]:
        """The texts of several tokens: each takes a run of its own, in which it follows the prompt."""
        return tuple(dict.fromkeys(read.text for read in self.reads if read.function == "logprob" and read.tokens > 1))

    @property
    def tables(self) -> tuple[TextTable, ...]:
        """The tables of scores that it reads."""
        return tuple(dict.fromkeys(part.table for part in parts_of(self.term) if isinstance(part, Scored)))

    @property
    def reads_answer(self) -> bool:
        """Whether it reads which of the declared answers the run gives."""
        keys = (part.expression if isinstance(part, Computed) else part.key for part in _keyed(self.term))
        return any(key is not None and _mentions(key) for key in keys)

    @property
    def generates(self) -> bool:
        """Whether it reads a text that the run generates."""
        return any(isinstance(part, Scored) and part.key is None for part in parts_of(self.term))

    @property
    def is_whole(self) -> bool:
        """Whether its values are sure to be whole numbers, whatever a run answers."""
        ends = (self.low, self.high)
        return all(end.denominator == 1 for end in ends) and all(_is_whole(part) for part in parts_of(self.term))

    @property
    def plain(self) -> bool:
        """Whether it reads the run's logits at the end of the prompt."""
        single = any(read.function != "logprob" or read.tokens == 1 for read in self.reads)
        return single or self.reads_answer or not (self.followed or self.generates)

    def columns(self, inputs: Codes) -> dict[str, Column]:
        """The values of inputs [item, input], by name."""
        return {name: inputs[:, index] + domain.low for index, (name, domain) in enumerate(self.inputs)}


def parts_of(term: MetricTerm) -> Iterator[MetricTerm]:
    """The term and everything in it, left to right."""
    yield term
    if isinstance(term, Combined):
        for operand in term.operands:
            yield from parts_of(operand)


def fill_text(text: FilledText, columns: Mapping[str, Column], count: int) -> list[str | None]:
    """The text of each of `count` items, from their inputs' values; None where a table has none."""
    if isinstance(text, RowText):
        return [text.table.by_key.get(key) for key in show_values(text.key, columns, count)]
    slots = [evaluate(slot.expression, columns, count) for slot in text.slots]
    shown: list[str | None] = []
    for item in range(count):
        values = iter([int(column[item]) for column in slots])
        shown.append("".join(part if isinstance(part, str) else part.render(next(values)) for part in text.parts))
    return shown


def compute(expression: Expression, columns: Mapping[str, Column], count: int) -> Column:
    """The value of an expression on each of `count` items."""
    return evaluate(expression, columns, count)


def show_values(expression: Expression, columns: Mapping[str, Column], count: int) -> list[str]:
    """The value of an expression on each of `count` items, as a user writes it."""
    return [expression.domain.show(value) for value in compute(expression, columns, count).tolist()]


def _is_whole(term: MetricTerm) -> bool:
    match term:
        case Number(value=value):
            return value.denominator == 1
        case Scored(table=table, key=key):  # what is generated may get rows that nobody wrote yet
            return key is not None and all(float(text).is_integer() for _, text in table.rows)
        case TokenRead():
            return False
    return True


def _keyed(term: MetricTerm) -> Iterator[Computed | Scored]:
    for part in parts_of(term):
        if isinstance(part, Computed | Scored):
            yield part


def _mentions(expression: Expression) -> bool:
    return any(variable.name == ANSWER for variable in variables_of(expression))
