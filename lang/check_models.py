"""A causal model as written -> typed mechanisms in topological order."""

from dataclasses import dataclass

from .check_domains import MAX_VALUES, Domains
from .check_expressions import ExpressionChecker, Scope, comparable, describe, references_in
from .diagnostics import Label
from .program import Domain, Expression, Mechanism, Model, variables_of
from .scope import Reporter, Signature
from .syntax import Equation, ModelSyntax, Reference


@dataclass(frozen=True)
class CheckedModel:
    """A model, if all of it is right; the domains of its variables in any case (None: unknown)."""

    model: Model | None
    variables: dict[str, Domain | None]


def check_model(syntax: ModelSyntax, task: Signature, domains: Domains, report: Reporter) -> CheckedModel:
    """Names, types and structure of one model."""
    return _ModelChecker(syntax, task, domains, report).check()


class _ModelChecker:
    def __init__(self, syntax: ModelSyntax, task: Signature, domains: Domains, report: Reporter) -> None:
        self.syntax = syntax
        self.task = task
        self.domains = domains
        self.report = report

    def check(self) -> CheckedModel:
        errors = self.report.errors
        equations = self._equations()
        parents = {
            name: list(dict.fromkeys(r.name.text for r in self._reads(equation, equations)))
            for name, equation in equations.items()
        }
        order = self._order(equations, parents)
        known: dict[str, Domain | None] = dict.fromkeys(equations)
        for name, equation in equations.items():
            known[name] = self._declared_domain(equation)
        mechanisms = []
        for name in [*order, *(name for name in equations if name not in order)]:
            equation = equations[name]
            mechanism = self._mechanism(equation, known, cyclic=name not in order)
            if mechanism is not None:
                known[name] = mechanism.domain
                mechanisms.append(mechanism)
        model = None
        if self.report.errors == errors and self.task.complete and len(mechanisms) == len(equations):
            self._warn_unused(equations, parents)
            model = Model(
                self.syntax.name.text,
                self.task.name,
                tuple(mechanisms),
                doc=self.syntax.doc,
                span=self.syntax.name.span,
            )
        return CheckedModel(model, known)

    def _equations(self) -> dict[str, Equation]:
        """The first equation of each variable; inputs have none."""
        equations: dict[str, Equation] = {}
        for equation in self.syntax.equations:
            name = equation.name
            if name.text in self.task.inputs:
                self.report.error(
                    "CS202",
                    f"`{name.text}` is an input of task `{self.task.name}` and cannot be assigned",
                    name.span,
                    help="choose another name for this variable",
                )
            elif name.text in equations:
                self.report.error(
                    "CS203",
                    f"variable `{name.text}` has two equations",
                    name.span,
                    "again here",
                    related=[Label(equations[name.text].name.span, "first here")],
                    help="rename or remove one of them",
                )
            else:
                equations[name.text] = equation
        output = self.task.output
        if output is not None and output not in equations:
            self.report.error(
                "CS200",
                f"model `{self.syntax.name.text}` has no equation for the output `{output}`",
                self.syntax.name.span,
                help=f"add a line `{output} = ...`",
            )
        return equations

    @staticmethod
    def _reads(equation: Equation, equations: dict[str, Equation]) -> list[Reference]:
        return [r for r in references_in(equation.expression) if r.role is None and r.name.text in equations]

    def _order(self, equations: dict[str, Equation], parents: dict[str, list[str]]) -> list[str]:
        """Variables after their parents, else in order of declaration; what lies on or below a cycle is left out."""
        children: dict[str, list[str]] = {name: [] for name in equations}
        for name, reads in parents.items():
            for parent in reads:
                children[parent].append(name)
        position = {name: index for index, name in enumerate(equations)}
        names = list(equations)
        waiting = {name: len(reads) for name, reads in parents.items()}
        ready = [position[name] for name, count in waiting.items() if count == 0]
        order: list[str] = []
        while ready:
            ready.sort(reverse=True)
            name = names[ready.pop()]
            order.append(name)
            for child in children[name]:
                waiting[child] -= 1
                if waiting[child] == 0:
                    ready.append(position[child])
        if len(order) < len(names):
            self._report_cycles([name for name in names if waiting[name] > 0], equations, parents)
        return order

    def _report_cycles(self, left: list[str], equations: dict[str, Equation], parents: dict[str, list[str]]) -> None:
        """Walk up the first parent that is left; each walk that meets itself is a cycle."""
        among = set(left)
        seen: set[str] = set()
        for start in left:
            walk: list[str] = []
            name = start
            while name not in seen:
                seen.add(name)
                walk.append(name)
                name = next(parent for parent in parents[name] if parent in among)
            if name in walk:
                cycle = walk[walk.index(name) :]
                first = cycle.index(min(cycle, key=left.index))
                cycle = cycle[first:] + cycle[:first]
                shown = " reads ".join(f"`{name}`" for name in [*cycle, cycle[0]])
                following = cycle[1] if len(cycle) > 1 else cycle[0]
                reads = next(r for r in self._reads(equations[cycle[0]], equations) if r.name.text == following)
                self.report.error(
                    "CS201",
                    f"the equations of `{self.syntax.name.text}` form a cycle"
                    if len(cycle) > 1
                    else f"`{cycle[0]}` is defined by itself",
                    reads.span,
                    "the cycle closes through this name",
                    notes=[shown],
                    help="a causal model is acyclic: every variable is computed from inputs and earlier variables",
                )

    def _declared_domain(self, equation: Equation) -> Domain | None:
        """The domain that is stated: by the equation, or by the task for its output."""
        stated = self.domains.check_domain(equation.domain) if equation.domain is not None else None
        if equation.name.text != self.task.output:
            return stated
        wanted = self.task.output_domain
        if stated is not None and wanted is not None and not _same(stated, wanted):
            assert equation.domain is not None
            self.report.error(
                "CS205",
                f"task `{self.task.name}` declares `{equation.name.text}` as `{wanted.name}`, found `{stated.name}`",
                equation.domain.span,
                help=f"leave the domain out, or write `{wanted.name}`",
            )
            return None
        return wanted

    def _mechanism(self, equation: Equation, known: dict[str, Domain | None], cyclic: bool) -> Mechanism | None:
        if cyclic:
            return None
        declared = known[equation.name.text]
        scope = Scope({**self.task.inputs, **known}, self.domains.symbols, open=not self.task.complete)
        expression = ExpressionChecker(scope, self.report).check(equation.expression, declared)
        is_declared = equation.domain is not None or equation.name.text == self.task.output
        if expression is None or (is_declared and declared is None):
            return None
        if not is_declared:
            domain = expression.domain
            if domain.size > MAX_VALUES:
                self.report.error(
                    "CS115",
                    f"`{equation.name.text}` can take {domain.size} values",
                    equation.name.span,
                    help="a variable has at most 2^31 values; state its range, `name: 0..9 = ...`",
                )
                return None
        else:
            assert declared is not None
            if not self._fits(equation, expression, declared):
                return None
            domain = declared
        return Mechanism(equation.name.text, domain, expression, is_declared, equation.name.span)

    def _fits(self, equation: Equation, expression: Expression, declared: Domain) -> bool:
        found = expression.domain
        related = [Label(equation.domain.span, "stated here")] if equation.domain is not None else []
        if not comparable(declared, found):
            self.report.error(
                "CS108",
                f"`{equation.name.text}` is {describe(declared)}, its equation gives {describe(found)}",
                expression.span,
                f"this is {describe(found)}",
                related=related,
                help="change the domain or the equation",
            )
            return False
        if declared.is_integer and (found.low > declared.high or found.high < declared.low):
            values = str(found.low) if found.size == 1 else f"{found.low}..{found.high}"
            self.report.error(
                "CS109",
                f"`{equation.name.text}` lies in {declared.low}..{declared.high}, its equation gives only {values}",
                expression.span,
                related=related,
                help="change the range or the equation",
            )
            return False
        return True

    def _warn_unused(self, equations: dict[str, Equation], parents: dict[str, list[str]]) -> None:
        assert self.task.output is not None
        used: set[str] = set()
        pending = [self.task.output]
        while pending:
            name = pending.pop()
            if name not in used:
                used.add(name)
                pending.extend(parents[name])
        for name, equation in equations.items():
            if name not in used:
                self.report.warning(
                    "CS204",
                    f"variable `{name}` is never used: the output `{self.task.output}` does not depend on it",
                    equation.name.span,
                    help="use it, or remove its equation",
                )


def _same(first: Domain, second: Domain) -> bool:
    if first.is_integer and second.is_integer:
        return (first.low, first.high) == (second.low, second.high)
    return first == second


def descendants(model: Model) -> dict[str, frozenset[str]]:
    """The proper descendants of each variable of a model, through its mechanisms."""
    names = {mechanism.name for mechanism in model.mechanisms}
    below: dict[str, set[str]] = {name: set() for name in names}
    for mechanism in reversed(model.mechanisms):
        for parent in {variable.name for variable in variables_of(mechanism.expression)} & names:
            below[parent] |= {mechanism.name} | below[mechanism.name]
    return {name: frozenset(found) for name, found in below.items()}
