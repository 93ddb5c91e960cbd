"""A file's tree -> the same without loops, declaration by declaration."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..checks.definitions.domains import Domains
from ..diagnostics import Span
from ..scope import Reporter
from ..syntax.alignments import AlignSyntax
from ..syntax.imports import ImportSyntax
from ..syntax.leaves import Name
from ..syntax.members import ForSyntax
from ..syntax.models import ModelSyntax
from ..syntax.pairs import PairsSyntax
from ..syntax.settings import SettingsSyntax
from ..syntax.tables import FunctionSyntax, TableSyntax
from ..syntax.tasks import TaskSyntax
from ..syntax.tree import KEYWORDS, BrokenDeclaration, Declaration, SyntaxTree
from .bindings import NO_BINDINGS, Bindings
from .loop_values import LoopBudget, LoopValues, TooMuchError
from .unroll_declaration import DeclarationUnroller, tag_spans
from .unroll_expressions import ExpressionUnroller


def unroll_tree(tree: SyntaxTree, domains: Domains, report: Reporter) -> SyntaxTree:
    """The tree without loops. A declaration with a faulty loop counts as broken."""
    return _TreeUnroller(tree, domains, report).unroll()


class _TreeUnroller:
    def __init__(self, tree: SyntaxTree, domains: Domains, report: Reporter) -> None:
        self.tree = tree
        self.domains = domains
        self.report = report
        every = list(_every(tree.declarations))
        self.tasks = {d.name.text: d for d in every if isinstance(d, TaskSyntax)}
        self.models = {d.name.text: d for d in every if isinstance(d, ModelSyntax)}
        self.tables = {d.name.text: d for d in every if isinstance(d, TableSyntax) and d.name.index is None}
        self.declarations: list[Declaration] = []
        self.broken = list(tree.broken)

    def unroll(self) -> SyntaxTree:
        for declaration in self.tree.declarations:
            try:
                self._declaration(declaration, NO_BINDINGS, LoopBudget(self.report))
            except TooMuchError:
                self.broken += [_as_broken(inner, inner.name) for inner in _every((declaration,)) if _named(inner)]
        return replace(self.tree, declarations=tuple(self.declarations), broken=tuple(self.broken))

    def _declaration(self, syntax: Declaration | ForSyntax[Declaration], around: Bindings, budget: LoopBudget) -> None:
        taken = {} if isinstance(syntax, ForSyntax) else self._names_around(syntax)
        unroller = self._unroller(taken, budget)
        errors = self.report.errors
        if not isinstance(syntax, ForSyntax):
            self._check_variables(taken, around, unroller)
            tagged = tag_spans(syntax, around.text, unroller) if around.values else syntax
            unrolled = unroller.unroll(tagged, around)
            if self.report.errors == errors:
                self.declarations.append(unrolled)
            elif not isinstance(unrolled, SettingsSyntax | ImportSyntax):
                self.broken.append(_as_broken(unrolled, unrolled.name))
            return
        for value in unroller.expressions.values.of(
            syntax.variable, syntax.domain, around, unroller.expressions.unroll
        ):
            inner = around.bind(syntax.variable, value)
            for declaration in syntax.body:
                budget.spend_line(declaration.span)
                self._declaration(declaration, inner, budget)
        if self.report.errors > errors:  # what the loop would have declared is known by name
            self.broken += [_as_broken(inner, inner.name) for inner in _every((syntax,)) if _named(inner)]

    def _unroller(self, taken: Mapping[str, Span], budget: LoopBudget) -> DeclarationUnroller:
        values = LoopValues(self.domains, self.report, budget, taken)
        return DeclarationUnroller(ExpressionUnroller(values, self.tables, self.domains.symbols), self.report)

    def _check_variables(self, taken: Mapping[str, Span], around: Bindings, unroller: DeclarationUnroller) -> None:
        """A loop variable around a declaration may not be called like what the declaration reads."""
        for name, span in around.spans.items():
            if name in taken:
                unroller.expressions.values.report_hidden(Name(name, span), taken[name])

    def _names_around(self, declaration: Declaration) -> dict[str, Span]:
        """The inputs, outputs and variables that a loop variable of the declaration may not be called like."""
        if isinstance(declaration, FunctionSyntax):
            return {parameter.name.text: parameter.name.span for parameter in declaration.parameters}
        around: Any = declaration
        if isinstance(declaration, AlignSyntax):
            around = self.models.get(declaration.model.text)
        if not isinstance(around, TaskSyntax | ModelSyntax | PairsSyntax):
            return {}
        task = around if isinstance(around, TaskSyntax) else self.tasks.get(around.task.text)
        names: dict[str, Span] = {}
        if task is not None:
            names |= {d.name.text: d.name.span for group in (*task.inputs, *task.outputs) for d in group.names}
        pending = list(around.equations) if isinstance(around, ModelSyntax) else []
        while pending:
            line = pending.pop()
            if isinstance(line, ForSyntax):
                pending.extend(line.body)
            else:
                names.setdefault(line.name.text, line.name.span)
        return names


def _every(declarations: tuple[Any, ...]) -> Iterator[Any]:
    """Every declaration, those in loops too."""
    for declaration in declarations:
        if isinstance(declaration, ForSyntax):
            yield from _every(declaration.body)
        else:
            yield declaration


def _named(declaration: Any) -> bool:
    return not isinstance(declaration, SettingsSyntax | ImportSyntax)


def _as_broken(declaration: Any, name: Name) -> BrokenDeclaration:
    return BrokenDeclaration(KEYWORDS[type(declaration)], name.text, name.span)
