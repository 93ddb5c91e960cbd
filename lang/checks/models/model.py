"""A causal model as written -> typed mechanisms in topological order."""

from ...diagnostics import Label
from ...domains import Domain
from ...expressions import Expression
from ...families import IndexedFamily, families_of, family_name, list_names, member_name
from ...program import Mechanism, Model
from ...record import record
from ...scope import Reporter, Signature
from ...syntax.expressions import Reference
from ...syntax.models import Equation, ModelSyntax
from ..cycles import find_cycles, order_after, show_cycle
from ..definitions.domains import MAX_VALUES, Domains
from ..expressions.expression_checker import ExpressionChecker
from ..expressions.expression_scope import Scope, comparable, describe, references_in
from .equations import find_equations
from .join_families import join_families


@record
class CheckedModel:
    """A model, if all of it is right; the domains of its variables in any case (None: unknown).

    Of `variables`, those named in `families` stand for all members of a family together; the members are variables too.
    """

    model: Model | None
    variables: dict[str, Domain | None]
    families: dict[str, IndexedFamily]


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
        equations = find_equations(self.syntax, self.task, self.report)
        self.families = families_of(equations)
        parents = {
            name: list(dict.fromkeys(read for read, _ in self._reads(equation, equations)))
            for name, equation in equations.items()
        }
        order = order_after(parents)
        ordered = set(order)
        left = [name for name in equations if name not in ordered]
        for cycle in find_cycles(parents, left):
            self._report_cycle(cycle, equations)
        known: dict[str, Domain | None] = dict.fromkeys(equations)
        for name, equation in equations.items():
            known[name] = self._declared_domain(equation)
        mechanisms = []
        for name in [*order, *left]:
            equation = equations[name]
            mechanism = self._mechanism(equation, known, cyclic=name not in ordered)
            if mechanism is not None:
                known[name] = mechanism.domain
                mechanisms.append(mechanism)
        model = None
        if self.report.errors == errors and self.task.complete and len(mechanisms) == len(equations):
            self._warn_unused(equations, parents)
            assert self.task.output is not None
            families = tuple(self.families.values())
            joined = join_families(mechanisms, families, self.task.output, tuple(self.task.outputs))
            known |= {m.name: m.domain for m in joined.mechanisms if m.name in joined.families}
            model = Model(
                name=self.syntax.name.text,
                task=self.task.name,
                mechanisms=joined.mechanisms,
                families=joined.families,
                doc=self.syntax.doc,
                span=self.syntax.name.span,
            )
        for family in self.families:
            known.setdefault(family, None)
        return CheckedModel(model, known, self.families)

    def _reads(self, equation: Equation, equations: dict[str, Equation]) -> list[tuple[str, Reference]]:
        """The variables that an equation reads, and where; of a member chosen by a value, all that it may be."""
        found: list[tuple[str, Reference]] = []
        for reference in references_in(equation.expression):
            name = reference.name.text
            if reference.index is not None and name in self.families:
                found += [(member, reference) for member in self._choices(reference, self.families[name])]
            elif reference.index is None and reference.role is None and name in equations:
                found.append((name, reference))
        return found

    def _choices(self, reference: Reference, family: IndexedFamily) -> tuple[str, ...]:
        """The members that an index may choose: all, unless it is an input alone, whose values are known already."""
        index = reference.index
        domain = self.task.inputs.get(index.name.text) if isinstance(index, Reference) else None
        if domain is None or not domain.is_integer:
            return family.members
        inside = range(domain.low, domain.high + 1)
        return tuple(member_name(family.name, i) for i in family.indices if i in inside)

    def _report_cycle(self, cycle: list[str], equations: dict[str, Equation]) -> None:
        shown = show_cycle([*cycle, cycle[0]], "reads")
        following = cycle[1] if len(cycle) > 1 else cycle[0]
        reads = next(r for name, r in self._reads(equations[cycle[0]], equations) if name == following)
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
        if equation.name.text not in self.task.outputs:
            return stated
        wanted = self.task.outputs[equation.name.text]
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
        scope = Scope(
            {**self.task.inputs, **known},
            self.domains.symbols,
            open=not self.task.complete,
            library=self.domains.library,
            partial=True,
            guards=True,
        )
        expression = ExpressionChecker(scope, self.report).check(equation.expression, declared)
        is_declared = equation.domain is not None or equation.name.text in self.task.outputs
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
        used: set[str] = set()
        pending = list(self.task.outputs)
        while pending:
            name = pending.pop()
            if name not in used:
                used.add(name)
                pending.extend(parents[name])
        unused: dict[str, list[str]] = {}
        for name in equations:
            if name not in used:
                unused.setdefault(family_name(name), []).append(name)
        for family, names in unused.items():
            whole = family not in self.families or len(names) == len(self.families[family].members)
            several = not whole and len(names) > 1
            message = f"{'variables' if several else 'variable'} {f'`{family}`' if whole else list_names(names)} "
            message += f"{'are' if several else 'is'} never used: the output `{self.task.output}` does not depend on "
            self.report.warning(
                "CS204",
                message + ("them" if several else "it"),
                equations[names[0]].name.span,
                help="use it, or remove its equation",
            )


def _same(first: Domain, second: Domain) -> bool:
    if first.is_integer and second.is_integer:
        return (first.low, first.high) == (second.low, second.high)
    return first == second
