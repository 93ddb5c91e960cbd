"""Loops -> plain lines: every `for` and comprehension written out, with numbers in the place of loop variables.

What comes out has no loop, and no index that is a number: `x[i + 1]` is the name `x[3]` where `i` is 2. A condition on
loop variables alone is decided here, and what it rules out is left away before its indices are looked at.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn, TypeVar

from .check_domains import Domains
from .diagnostics import Label, Span
from .families import member_name
from .scope import Reporter
from .static_index import indexed_name, report_not_static
from .static_values import static_value
from .syntax.alignments import AlignSyntax, InnerSiteSyntax, PlacementSyntax, SitesSyntax, SiteSyntax
from .syntax.expressions import (
    Call,
    Comprehension,
    Conditional,
    ExpressionSyntax,
    InRange,
    InSet,
    Loop,
    LoopDomain,
    LoopRange,
    Number,
    Operation,
    Reference,
    Term,
    Truth,
    Unrolled,
)
from .syntax.leaves import Name
from .syntax.members import ForSyntax, Indexed, PositionSyntax
from .syntax.metrics import MetricSyntax
from .syntax.models import Equation, ModelSyntax
from .syntax.pairs import HoldoutSyntax, PairsSyntax
from .syntax.tasks import PromptSyntax, RequireSyntax, TaskLine, TaskSyntax, TokensSyntax, VectorSyntax
from .syntax.tree import BrokenDeclaration, Declaration, SyntaxTree
from .unroll_texts import WriteOut, unroll_metric, unroll_reading, unroll_site, unroll_sites, unroll_texts

MAX_LINES = 10_000
"""Lines that the loops of one declaration may give."""
MAX_STEPS = 50_000
"""Steps that the loops and comprehensions of one declaration may take."""

Line = TypeVar("Line")


@dataclass(frozen=True)
class Bindings:
    """The values of the loop variables around a place, and where each variable is declared."""

    values: Mapping[str, int]
    spans: Mapping[str, Span]

    @property
    def text(self) -> str:
        """`i = 0, j = 2`."""
        return ", ".join(f"{name} = {value}" for name, value in self.values.items())

    def bind(self, variable: Name, value: int) -> "Bindings":
        """With one more variable."""
        return Bindings({**self.values, variable.text: value}, {**self.spans, variable.text: variable.span})


NO_BINDINGS = Bindings({}, {})


class _TooManyError(Exception):
    """The bound is passed and reported: the rest of the declaration is not unrolled."""


def unroll_tree(tree: SyntaxTree, domains: Domains, report: Reporter) -> SyntaxTree:
    """The tree without loops. A declaration with a faulty loop counts as broken."""
    tasks = {d.name.text: d for d in tree.declarations if isinstance(d, TaskSyntax)}
    models = {d.name.text: d for d in tree.declarations if isinstance(d, ModelSyntax)}
    declarations: list[Declaration] = []
    broken = list(tree.broken)
    for declaration in tree.declarations:
        if not isinstance(declaration, TaskSyntax | ModelSyntax | PairsSyntax | AlignSyntax):
            declarations.append(declaration)
            continue
        errors = report.errors
        around = models.get(declaration.model.text) if isinstance(declaration, AlignSyntax) else declaration
        taken = {} if around is None else _names_around(around, tasks)
        try:
            unrolled = Unroller(domains, report, taken).unroll(declaration)
        except _TooManyError:
            unrolled = declaration
        if report.errors == errors:
            declarations.append(unrolled)
        else:
            broken.append(BrokenDeclaration(_KEYWORDS[type(declaration)], declaration.name.text, declaration.name.span))
    return replace(tree, declarations=tuple(declarations), broken=tuple(broken))


_KEYWORDS: dict[type, str] = {TaskSyntax: "task", ModelSyntax: "model", PairsSyntax: "pairs", AlignSyntax: "align"}


def _names_around(
    declaration: TaskSyntax | ModelSyntax | PairsSyntax, tasks: Mapping[str, TaskSyntax]
) -> dict[str, Span]:
    """The inputs, outputs and variables that a loop variable of the declaration may not be called like."""
    task = declaration if isinstance(declaration, TaskSyntax) else tasks.get(declaration.task.text)
    names: dict[str, Span] = {}
    if task is not None:
        names |= {d.name.text: d.name.span for group in (*task.inputs, *task.outputs) for d in group.names}
    pending = list(declaration.equations) if isinstance(declaration, ModelSyntax) else []
    while pending:
        line = pending.pop()
        if isinstance(line, ForSyntax):
            pending.extend(line.body)
        else:
            names.setdefault(line.name.text, line.name.span)
    return names


class Unroller:
    """Unrolls the loops of one declaration; `taken` are names that its loop variables may not have."""

    def __init__(self, domains: Domains, report: Reporter, taken: Mapping[str, Span] | None = None) -> None:
        self.domains = domains
        self.report = report
        self.taken = taken or {}
        self.line_count = 0
        self.step_count = 0

    def unroll(
        self, declaration: TaskSyntax | ModelSyntax | PairsSyntax | AlignSyntax
    ) -> TaskSyntax | ModelSyntax | PairsSyntax | AlignSyntax:
        """The declaration without loops."""
        match declaration:
            case TaskSyntax(lines=lines, renderings=renderings):
                written: Iterator[tuple[TaskLine, Bindings]] = self.lines(lines)
                return replace(
                    declaration,
                    lines=tuple(self._task_line(line, bindings) for line, bindings in written),
                    renderings=tuple(self._rendering(rendering) for rendering in renderings),
                )
            case ModelSyntax(equations=equations):
                unrolled = tuple(self._equation(line, bindings) for line, bindings in self.lines(equations))
                return replace(declaration, equations=unrolled)
            case PairsSyntax(where=where, holdouts=holdouts):
                return replace(
                    declaration,
                    where=tuple(self.expression(condition, NO_BINDINGS) for condition in where),
                    holdouts=tuple(self._holdout(holdout) for holdout in holdouts),
                )
            case AlignSyntax(placements=placements):
                placed = tuple(self._placement(line, bindings) for line, bindings in self.lines(placements))
                return replace(declaration, placements=placed)

    def lines(
        self, lines: Sequence[Line | ForSyntax[Line]], bindings: Bindings = NO_BINDINGS
    ) -> Iterator[tuple[Line, Bindings]]:
        """Every line with the values of the loop variables around it, in the order in which the loops run."""
        for line in lines:
            if not isinstance(line, ForSyntax):
                self.line_count += 1
                yield line, bindings
                continue
            for value in self._values(line.variable, line.domain, bindings):
                for run in self.lines(line.body, bindings.bind(line.variable, value)):
                    if self.line_count > MAX_LINES:
                        self._too_many(MAX_LINES, "lines", line.span)
                    yield run

    def expression(self, syntax: ExpressionSyntax, bindings: Bindings) -> ExpressionSyntax:
        """An expression with values in the place of loop variables, and comprehensions written out."""
        match syntax:
            case Number() | Truth() | Unrolled():
                return syntax
            case Reference():
                return self._reference(syntax, bindings)
            case Operation(operator=("and" | "or")):
                return self._logic(syntax, bindings)
            case Operation(operands=operands):
                return replace(syntax, operands=tuple(self.expression(o, bindings) for o in operands))
            case Conditional():
                return self._conditional(syntax, bindings)
            case InSet(element, alternatives):
                unrolled = tuple(self.expression(a, bindings) for a in alternatives)
                return replace(syntax, element=self.expression(element, bindings), alternatives=unrolled)
            case InRange(element, low, high):
                element, low, high = (self.expression(part, bindings) for part in (element, low, high))
                return replace(syntax, element=element, low=low, high=high)
            case Call(arguments=arguments):
                return replace(syntax, arguments=tuple(self.expression(a, bindings) for a in arguments))
            case Comprehension():
                return Unrolled(syntax.function, tuple(self._terms(syntax, bindings)), syntax.span)

    def indexed(self, syntax: Indexed, bindings: Bindings) -> Indexed:
        """A member by its name. An index that is not known beforehand is an error."""
        if syntax.index is None:
            return syntax
        unrolled = Indexed(syntax.name, self.expression(syntax.index, bindings), syntax.span)
        name = indexed_name(unrolled, self.report)
        return syntax if name is None else Indexed(name, None, syntax.span)

    def position(self, syntax: PositionSyntax, bindings: Bindings) -> PositionSyntax:
        """A position whose slots name members."""
        items = tuple(
            item if item.slot is None else replace(item, slot=self.indexed(item.slot, bindings))
            for item in syntax.items
        )
        return replace(syntax, items=items)

    # --- lines

    def _task_line(self, line: TaskLine, bindings: Bindings) -> TaskLine:
        if isinstance(line, RequireSyntax):
            return RequireSyntax(self.expression(line.condition, bindings), line.span)
        write_out = self.write_out(bindings)
        if isinstance(line, MetricSyntax):
            expression = unroll_metric(line.expression, write_out)
            return replace(line, name=self.indexed(line.name, bindings), expression=expression)
        position = None if line.position is None else self.position(line.position, bindings)
        reading = unroll_reading(line.reading, write_out)
        return replace(line, output=self.indexed(line.output, bindings), position=position, reading=reading)

    def write_out(self, bindings: Bindings) -> WriteOut:
        """How texts, metrics and sites are written out."""
        return WriteOut(
            lambda expression: self.expression(expression, bindings),
            lambda indexed: self.indexed(indexed, bindings),
            lambda position: self.position(position, bindings),
            frozenset(bindings.values),
            self.report,
        )

    def _rendering(
        self, rendering: TokensSyntax | VectorSyntax | PromptSyntax
    ) -> TokensSyntax | VectorSyntax | PromptSyntax:
        if isinstance(rendering, PromptSyntax):
            return replace(rendering, templates=unroll_texts(rendering.templates, self.write_out(NO_BINDINGS)))
        return replace(rendering, names=self._members(rendering.names))

    def _equation(self, line: Equation, bindings: Bindings) -> Equation:
        expression = self.expression(line.expression, bindings)
        return Equation(self.indexed(line.target, bindings), line.domain, expression, line.span)

    def _placement(self, line: PlacementSyntax, bindings: Bindings) -> PlacementSyntax:
        """A placement of members by name. All runs of a loop keep their line's span."""
        place = line.place
        match place:
            case InnerSiteSyntax():
                place = replace(place, variable=self.indexed(place.variable, bindings))
            case SitesSyntax():
                place = unroll_sites(place, self.write_out(bindings))
            case SiteSyntax():
                place = unroll_site(place, self.write_out(bindings))
        return replace(line, variables=tuple(self.indexed(v, bindings) for v in line.variables), place=place)

    def _members(self, names: tuple[Indexed, ...]) -> tuple[Indexed, ...]:
        return tuple(self.indexed(name, NO_BINDINGS) for name in names)

    def _holdout(self, holdout: HoldoutSyntax) -> HoldoutSyntax:
        return replace(holdout, names=self._members(holdout.names))

    # --- expressions

    def _reference(self, syntax: Reference, bindings: Bindings) -> ExpressionSyntax:
        word = syntax.name.text
        if syntax.index is None:
            if syntax.role is None and word in bindings.values:
                return Number(bindings.values[word], syntax.span)
            return syntax
        index = self.expression(syntax.index, bindings)
        value = static_value(index)
        if type(value) is int:
            name = Name(member_name(word, value), syntax.name.span)
            return Reference(name, syntax.role, None, syntax.span, bindings.text)
        return replace(syntax, index=index, loop=bindings.text)

    def _logic(self, syntax: Operation, bindings: Bindings) -> ExpressionSyntax:
        """`and`, `or`: within a loop, a left side that decides leaves the right side away; a neutral side goes."""
        first, second = syntax.operands
        left = self.expression(first, bindings)
        decisive = syntax.operator == "or"
        known = static_value(left) if bindings.values else None
        if known is decisive:
            return Truth(decisive, syntax.span)
        right = self.expression(second, bindings)
        if isinstance(known, bool):
            return right
        return replace(syntax, operands=(left, right))

    def _conditional(self, syntax: Conditional, bindings: Bindings) -> ExpressionSyntax:
        condition = self.expression(syntax.condition, bindings)
        chosen = static_value(condition) if bindings.values else None
        if isinstance(chosen, bool):
            return self.expression(syntax.then if chosen else syntax.otherwise, bindings)
        then, otherwise = (self.expression(branch, bindings) for branch in (syntax.then, syntax.otherwise))
        return replace(syntax, condition=condition, then=then, otherwise=otherwise)

    def _terms(self, syntax: Comprehension, bindings: Bindings) -> Iterator[Term]:
        for inner in self._runs(syntax.loops, bindings):
            condition = None if syntax.where is None else self.expression(syntax.where, inner)
            known = None if condition is None else static_value(condition)
            if known is not False:
                yield Term(self.expression(syntax.element, inner), None if known is True else condition)

    def _runs(self, loops: tuple[Loop, ...], bindings: Bindings) -> Iterator[Bindings]:
        if not loops:
            yield bindings
            return
        first, *rest = loops
        for value in self._values(first.variable, first.domain, bindings):
            yield from self._runs(tuple(rest), bindings.bind(first.variable, value))

    # --- what a loop runs through

    def _values(self, variable: Name, domain: LoopDomain, bindings: Bindings) -> range:
        """The values of a loop variable; none after an error."""
        known = {**self.taken, **bindings.spans}
        if variable.text in known:
            self.report.error(
                "CS143",
                f"the loop variable `{variable.text}` hides another name",
                variable.span,
                related=[Label(known[variable.text], "the other one")],
                help="choose another name for the loop variable",
            )
        if isinstance(domain, LoopRange):
            return self._range(domain, bindings)
        found = self.domains.check_domain(domain)
        if found is None:
            return range(0)
        if not found.is_integer:
            self.report.error(
                "CS141",
                f"a loop runs through whole numbers, and `{found.name}` has none",
                domain.span,
                help="write a range, `for i in 0..3`, or name a type that is one",
            )
            return range(0)
        return self._bounded(range(found.low, found.high + 1), domain.span)

    def _range(self, domain: LoopRange, bindings: Bindings) -> range:
        ends: list[int] = []
        for end in (domain.low, domain.high):
            value = static_value(self.expression(end, bindings))
            if type(value) is not int:
                report_not_static("a loop's bound", end, self.report)
                return range(0)
            ends.append(value)
        low, high = ends
        if low > high and static_value(domain.low) is not None and static_value(domain.high) is not None:
            help = f"write `{high}..{low}`; both ends belong to a range"
            self.report.error("CS113", f"the range `{low}..{high}` is empty", domain.span, help=help)
        return self._bounded(range(low, high + 1), domain.span)

    def _bounded(self, values: range, span: Span) -> range:
        self.step_count += max(0, values.stop - values.start)
        if self.step_count > MAX_STEPS:
            self._too_many(MAX_STEPS, "steps", span)
        return values

    def _too_many(self, most: int, what: str, span: Span) -> NoReturn:
        message = f"the loops give more than {most:,} {what}"
        self.report.error("CS142", message, span, help="loops are written out before anything runs: make them shorter")
        raise _TooManyError
