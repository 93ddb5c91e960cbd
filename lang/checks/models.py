"""A causal model as written -> typed mechanisms in topological order."""

from ..diagnostics import Label
from ..domains import Domain
from ..expressions import Expression
from ..families import IndexedFamily, families_of, family_name, list_names, member_name
from ..program import Mechanism, Model
from ..record import record
from ..scope import Reporter, Signature
from ..syntax.expressions import Reference
from ..syntax.models import Equation, ModelSyntax
from .cycles import show_cycle
from .domains import MAX_VALUES, Domains
from .expressions.expression_checker import ExpressionChecker
from .expressions.expression_scope import Scope, comparable, describe, references_in
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
        equations = self._equations()
        self.families = families_of(equations)
        parents = {
            name: list(dict.fromkeys(read for read, _ in self._reads(equation, equations)))
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

    def _equations(self) -> dict[str, Equation]:
        """The first equation of each variable; inputs have none."""
        equations: dict[str, Equation] = {}
        around = families_of((*self.task.inputs, *self.task.outputs))
        inputs = {*self.task.inputs, *families_of(self.task.inputs)}
        for equation in self.syntax.equations:
            assert isinstance(equation, Equation), "loops are unrolled"
            name = equation.name
            if name.text not in {*self.task.inputs, *self.task.outputs} and family_name(name.text) in around:
                self._report_outside(equation, around[family_name(name.text)], inputs)
            elif name.text in inputs:
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
        missing = [name for name in self.task.outputs if name not in equations]
        if missing:
            what = "output" if len(missing) == 1 else "outputs"
            self.report.error(
                "CS200",
                f"model `{self.syntax.name.text}` has no equation for the {what} {list_names(missing)}",
                self.syntax.name.span,
                help=f"add a line `{missing[0]} = ...`"
                if len(missing) == 1
                else f"add a line for each, `{missing[0]} = ...`; a loop writes those of a family: "
                "`for i in 0..3 { out[i] = ... }`",
            )
        self._check_kinds(equations)
        return equations

    def _report_outside(self, equation: Equation, family: IndexedFamily, inputs: set[str]) -> None:
        """An equation for something beyond a family of the task, or for the family as a whole."""
        name = equation.name
        if family.name in inputs:
            self.report.error(
                "CS202",
                f"`{family.name}` is an input of task `{self.task.name}` and cannot be assigned",
                name.span,
                help="choose another name for this variable",
            )
        elif name.text == family.name:
            self.report.error(
                "CS144",
                f"the output `{name.text}` is a family, found it without an index",
                name.span,
                "which member is meant",
                help=f"write a line for each of {family.text}: `for i in 0..3 {{ {name.text}[i] = ... }}`",
            )
        else:
            self.report.error(
                "CS140",
                f"there is no `{name.text}`: the members of the output `{family.name}` are {family.text}",
                name.span,
                help="change the index, or what the loop runs through",
            )

    def _check_kinds(self, equations: dict[str, Equation]) -> None:
        """A name is a variable or a family, not both."""
        for name, equation in equations.items():
            family = family_name(name)
            if family != name and (family in equations or family in self.task.inputs):
                first = [Label(equations[family].name.span, "the variable")] if family in equations else []
                self.report.error(
                    "CS206",
                    f"`{family}` is a variable, and `{name}` a member of a family `{family}`",
                    equation.name.span,
                    related=first,
                    help="give one of them another name",
                )

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
        among, order = set(left), {name: index for index, name in enumerate(left)}
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
                first = cycle.index(min(cycle, key=order.__getitem__))
                cycle = cycle[first:] + cycle[:first]
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
