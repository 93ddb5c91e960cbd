"""Names while a file is checked: what is declared under each kind, what is known to be broken, what was reported."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from .circuits import Circuit, Graph
from .diagnostics import Diagnostic, Label, Span
from .domains import Domain, product
from .effects import Subject, Target
from .families import family_name
from .metrics import Metric
from .places import Placement
from .program import Model, Network, Pairs
from .record import record
from .suggest import listed, suggest
from .syntax.leaves import Name

T = TypeVar("T")


@dataclass
class Reporter:
    """Collects diagnostics; one of a kind at each place, so that a line of a loop is reported once for all its runs."""

    diagnostics: list[Diagnostic] = field(default_factory=list)
    seen: set[tuple[str, Span]] = field(default_factory=set)

    @property
    def errors(self) -> int:
        return sum(diagnostic.severity == "error" for diagnostic in self.diagnostics)

    def error(
        self,
        code: str,
        message: str,
        span: Span,
        label: str = "",
        *,
        help: str = "",
        related: Iterable[Label] = (),
        notes: Iterable[str] = (),
    ) -> None:
        self.add(Diagnostic(code, message, Label(span, label), tuple(related), tuple(notes), help))

    def warning(self, code: str, message: str, span: Span, label: str = "", *, help: str = "") -> None:
        self.add(Diagnostic(code, message, Label(span, label), help=help, severity="warning"))

    def add(self, diagnostic: Diagnostic) -> None:
        place = diagnostic.code, diagnostic.label.span
        if place not in self.seen:
            self.seen.add(place)
            self.diagnostics.append(diagnostic)


@dataclass
class Table(Generic[T]):
    """The declarations of one kind by name; None marks one that is broken and already reported."""

    noun: str
    plural: str
    report: Reporter
    entries: dict[str, T | None] = field(default_factory=dict)
    spans: dict[str, Span] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)

    @property
    def with_article(self) -> str:
        return f"an {self.noun}" if self.noun[0] in "aeiou" else f"a {self.noun}"

    def declare(self, name: Name) -> bool:
        """Reserve a name; False and an error if it is taken."""
        if name.text in self.spans:
            report_twice(self.report, f"{self.noun} `{name.text}`", name.span, self.spans[name.text])
            return False
        self.spans[name.text] = name.span
        self.entries.setdefault(name.text, None)
        return True

    def intact(self) -> dict[str, T]:
        """The declarations without a fault, in order of declaration."""
        return {name: self.entries[name] for name in self.spans if self.entries[name] is not None}  # type: ignore[misc]


@record
class Signature:
    """What models and recipes see of a task, even where something else in it is wrong. A domain may be unknown.

    Families are unrolled. `outputs` are the task's outputs one by one, `output` is what they are called together: the
    one output's name, the family's, or `(a, b)`.
    """

    name: str
    inputs: dict[str, Domain | None]
    outputs: dict[str, Domain | None]
    output: str | None
    complete: bool
    metrics: dict[str, Metric | None] = field(default_factory=dict)
    """Those that are declared, and `correct` where there is an output; None marks one that is wrong and reported."""
    slots: tuple[str, ...] | None = None
    """What `@ {x}` may name: the inputs, or the slots of a prompt (`prompted`); None where that is not known."""
    prompted: bool = False
    generated: bool = False
    """Whether it answers by a text, so that it has no output."""

    @property
    def output_domain(self) -> Domain | None:
        """The domain of all outputs together; None if it is unknown."""
        if self.output in self.outputs:
            return self.outputs[self.output]
        parts = tuple(domain for domain in self.outputs.values() if domain is not None)
        return product(parts) if self.outputs and len(parts) == len(self.outputs) else None


@record
class AlignmentView:
    """What claims see of an alignment."""

    name: str
    task: str
    model: str
    network: str
    placements: tuple[Placement, ...]
    pairs: str | None
    pairs_known: bool

    @property
    def placed(self) -> tuple[str, ...]:
        """The variables, in order of declaration."""
        return tuple(placement.variable for placement in self.placements)


@record
class NodeView:
    """What claims see of a graph's node: what is set, what is read, and where."""

    circuit: Subject
    target: Target
    network: str
    random: bool
    task: str


@dataclass
class Names:
    """Every table of a file."""

    report: Reporter
    types: Table[Domain]
    lookup_tables: Table[object]
    tasks: Table[Signature]
    models: Table[Model]
    networks: Table[Network]
    alignments: Table[AlignmentView]
    pairs: Table[Pairs]
    claims: Table[object]
    circuits: Table[Circuit]
    graphs: Table[Graph]
    nodes: Table[NodeView]
    joined: dict[str, Pairs] = field(default_factory=dict)
    """Unions of recipes, by their names as `over` lists them."""

    @classmethod
    def empty(cls, report: Reporter) -> "Names":
        return cls(
            report,
            Table("type", "types", report),
            Table("table", "tables", report),
            Table("task", "tasks", report),
            Table("model", "models", report),
            Table("network", "networks", report),
            Table("alignment", "alignments", report),
            Table("recipe", "recipes", report),
            Table("claim", "claims", report),
            Table("circuit", "circuits", report),
            Table("graph", "graphs", report),
            Table("node", "nodes", report),
        )

    @property
    def tables(self) -> tuple[Table[Any], ...]:
        return (
            self.types,
            self.lookup_tables,
            self.tasks,
            self.models,
            self.networks,
            self.alignments,
            self.pairs,
            self.claims,
            self.circuits,
            self.graphs,
            self.nodes,
        )

    def find(self, table: Table[T], name: Name, help: str = "") -> T | None:
        """What a name means; None if it is unknown (an error, with `help` or what there is) or broken (reported)."""
        if name.text in table.entries:
            return table.entries[name.text]
        if family_name(name.text) in table.broken:
            return None
        members = [entry for entry in table.entries if family_name(entry) == name.text]
        if members:
            self.report.error(
                "CS144",
                f"`{name.text}` is a family of {table.plural}, found it without an index",
                name.span,
                "which one is meant",
                help=f"write one of them: {listed(members[:4], 'or')}",
            )
            return None
        others = [t.with_article for t in self.tables if name.text in t.entries]
        notes = [f"`{name.text}` is {others[0]}"] if others else []
        self.report.error(
            "CS101",
            f"expected {table.with_article}, found the unknown name `{name.text}`"
            if not others
            else f"expected {table.with_article}, found `{name.text}`",
            name.span,
            "not declared" if not others else "",
            help=help or self._help(table, name.text),
            notes=notes,
        )
        return None

    def _help(self, table: Table[Any], word: str) -> str:
        of_files = [entry for entry in table.entries if entry.endswith(f".{word}")]
        if of_files:
            return f"several files declare it: write {listed(of_files, 'or')}"
        return suggest(word, table.entries, table.plural)


def report_twice(report: Reporter, what: str, again: Span, first: Span) -> None:
    """Something that may be stated once is stated again."""
    report.error(
        "CS102",
        f"{what} is declared twice",
        again,
        "again here",
        related=[Label(first, "first here")] if first != again else [],
        help="rename or remove one of them"
        if first != again
        else "give it an index that differs in each run of the loops around it",
    )


def report_repeated(report: Reporter, what: str, again: Span, first: Span, help: str = "remove one of them") -> None:
    """A statement or clause that may be given once is given again."""
    report.error(
        "CS011",
        f"{what} is given twice",
        again,
        "again here",
        related=[Label(first, "first here")],
        help=help,
    )


def report_not_placed(view: AlignmentView, variable: Name, report: Reporter) -> None:
    """A variable is named of an alignment that does not place it."""
    report.error(
        "CS417",
        f"alignment `{view.name}` does not place `{variable.text}`",
        variable.span,
        help=suggest(variable.text, view.placed, "variables"),
    )
