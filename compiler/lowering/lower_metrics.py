"""From a task's metric to one that can be run on a network: tables read in, texts ready to be filled."""

from collections.abc import Mapping
from typing import Literal

from ...lang.domains import Domain, product
from ...lang.expressions import Apply, Expression, Listing, Variable
from ...lang.metrics import CORRECT, Amount, Arithmetic, Correct, Lookup, MetricExpression, Reading, parts_of
from ...lang.program import OpenTable, Program, Table, Task
from ...lang.texts import Slot, Template
from ...lang.tuples import tuple_code
from ..experiments import NetworkFile
from ..keys import file_hash
from ..metrics import (
    ANSWER,
    Combined,
    Computed,
    FilledText,
    Generation,
    MetricTerm,
    Number,
    RowText,
    RunMetric,
    Scored,
    Speech,
    TextTable,
    TokenRead,
)
from ..network_facts.end_tokens import read_end_tokens

Tables = Mapping[str, Table | OpenTable]


def lower_metric(program: Program, task_name: str, name: str, file: NetworkFile) -> RunMetric | None:
    """A metric as it is run on a network; None for `correct`, which is read against the causal model."""
    task = program.tasks[task_name]
    if name == CORRECT.name and name not in task.metrics:
        return None
    metric, spoken = task.metrics[name], file.spoken.get(task_name)
    lengths = {} if spoken is None else dict(spoken.texts)
    answer = None if task.output is None else task.output.domain
    term = _Lowering(program.tables, answer, lengths).term(metric.expression)
    reads = any(isinstance(part, Reading) for part in parts_of(metric.expression))
    speaks = reads or (metric.reads_answer and task.generated is not None)
    speech = Speech(file_hash(file.path / "tokenizer.json"), file.path) if speaks else None
    inputs = tuple((declared.name, declared.domain) for declared in task.inputs)
    generation = None
    if task.generated is not None and metric.reads_answer:
        generation = Generation(task.generated.limit, read_end_tokens(file.path))
    return RunMetric(term, metric.low, metric.high, inputs, answer, speech, generation, name)


def read_texts(task: Task, tables: Tables) -> tuple[tuple[Reading, FilledText], ...]:
    """What the task's metrics ask of texts, each once with its text ready to be filled."""
    lowering = _Lowering(tables, None, {})
    expressions = [part for metric in task.metrics.values() for part in parts_of(metric.expression)]
    return tuple((part, lowering.text(part.text)) for part in expressions if isinstance(part, Reading))


class _Lowering:
    def __init__(self, tables: Tables, answer: Domain | None, lengths: Mapping[FilledText, int]) -> None:
        self.tables, self.answer, self.lengths = tables, answer, lengths

    def term(self, expression: MetricExpression) -> MetricTerm:
        match expression:
            case Amount(value=value):
                return Number(value)
            case Reading(function=function, text=text):
                filled = self.text(text)
                return TokenRead(function, filled, self.lengths.get(filled, 1))
            case Lookup(table=table):
                known = self.tables[table]
                if isinstance(known, OpenTable):
                    return Scored(_text_table(known), self.key(expression.keys[0]))
                return Computed(self.entry(known, expression))
            case Arithmetic(operator=operator, operands=operands):
                return Combined(operator, tuple(self.term(operand) for operand in operands))
            case Correct():
                raise ValueError("`correct` reads no text and no table")

    def text(self, text: Template | Lookup) -> FilledText:
        """A text, or the row of a table that holds it; a finite table's value is a slot."""
        if isinstance(text, Template):
            return text
        table = self.tables[text.table]
        if isinstance(table, Table):
            return Template((Slot(self.entry(table, text)),))
        key = self.key(text.keys[0])
        assert key is not None, "checked: a text is settled before the run"
        return RowText(_text_table(table), key)

    def entry(self, table: Table, lookup: Lookup) -> Expression:
        """What a finite table holds for keys."""
        keys = [self.key(key) for key in lookup.keys]
        known = [key for key in keys if key is not None]
        assert len(known) == len(keys), "checked: no finite table is read by a text"
        listing = Listing(table.values, table.domain)
        return Apply("lookup", (listing, tuple_code(known, product(table.keys))), table.domain)

    def key(self, key: Expression | Literal["answer"]) -> Expression | None:
        """A key as an expression; None for a text that is generated."""
        if key != "answer":
            return key
        return None if self.answer is None else Variable(ANSWER, self.answer)


def _text_table(table: OpenTable) -> TextTable:
    return TextTable(table.rows, table.name, table.path, table.header, table.key, table.value)
