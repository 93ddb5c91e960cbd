"""Proof that no recipe divides by zero, or a witness: a base, or a base and a source, that make a divisor 0.

A condition counts only on bases and sources that satisfy those before it, a value to balance by only on inputs that
satisfy them all. From recipes to diagnostics.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

from ....lang.diagnostics import Diagnostic, one_at_each_place
from ....lang.expressions import Apply, Expression, Variable, in_role, variables_of
from ....lang.program import Mechanism, Pairs, Program, Task
from ...causal_model import CausalModel
from ...expressions import substitute
from ...intervals import Interval
from ...lowering.lower_recipes import define_over_inputs, define_variables, models_of
from ..models.check_divisions import check_divisions, divisions
from ..witnesses.effort import Effort

Role = Literal["base", "source"]
ROLES: tuple[Role, ...] = ("base", "source")
_GUARD_WHERE = "guard the division: `divisor != 0 and ...`, or state that in a `where` above"
_GUARD_VALUE = "guard the division: `if divisor != 0 then ... else ...`, or state in a `where` that it is not 0"


def check_recipe_divisions(program: Program, models: Mapping[str, CausalModel]) -> tuple[Diagnostic, ...]:
    """Every division that a recipe writes itself; those of the variables that it reads are their models'."""
    found: list[Diagnostic] = []
    effort = Effort()
    for pairs in program.pairs.values():
        written = (*pairs.where, *(pairs.cells or ()))
        if any(True for expression in written for _ in divisions(expression)):
            found += _check(pairs, program, models, effort)
    return one_at_each_place(found)


def _check(pairs: Pairs, program: Program, models: Mapping[str, CausalModel], effort: Effort) -> Iterator[Diagnostic]:
    task, cells = program.tasks[pairs.task], pairs.cells or ()
    definitions = define_variables(program, models, pairs)
    read = {v.name: v for expression in (*pairs.where, *cells) for v in variables_of(expression)}
    known = {declared.name for declared in task.inputs} | set(definitions)
    if not known >= set(read):  # a variable of a model in which something is wrong
        return
    equations = {name: (variable.domain, definitions[name]) for name, variable in read.items() if name in definitions}
    for model in models_of(program, models, task.name):
        own = define_over_inputs(model, model.hidden)
        equations |= {f"{model.name}.{name}": (model.domains[name], own[name]) for name in model.hidden}
    states = _States(task, tuple(Mechanism(name, domain, e) for name, (domain, e) in equations.items()), effort)
    conditions = [copy for condition in pairs.where for copy in _copies(condition, pairs)]
    values = [_copies(cell, pairs)[0] for cell in cells]
    kinds = (("this `where`", conditions, _GUARD_WHERE), ("this value to balance by", values, _GUARD_VALUE))
    for what, expressions, help in kinds:
        for index, expression in enumerate(expressions):
            if any(True for _ in divisions(expression)):
                before = conditions[:index] if expressions is conditions else conditions
                yield from states.check(expression, [substitute(e, definitions) for e in before], what, help)


def _copies(expression: Expression, pairs: Pairs) -> tuple[Expression, ...]:
    """A condition of the base and of every source alike, as one of each; itself where the recipe tells no two apart."""
    written = (*pairs.where, *(pairs.cells or ()))
    if all(variable.role is None for each in written for variable in variables_of(each)):
        return (expression,)
    if any(variable.role is None for variable in variables_of(expression)):
        return tuple(in_role(expression, role) for role in ROLES)
    return (expression,)


class _States:
    """What a recipe's conditions may read, each variable over inputs, as models of one input or of base and source."""

    def __init__(self, task: Task, equations: tuple[Mechanism, ...], effort: Effort) -> None:
        self.task = task
        self.equations = equations
        self.effort = effort

    def check(self, expression: Expression, before: Sequence[Expression], what: str, help: str) -> list[Diagnostic]:
        """The divisions of one condition, where those before it hold, which are over inputs."""
        roles, also = _closed(_roles(expression), before)
        model = self._among(roles, also)
        domains = {name: Interval(domain.low, domain.high) for name, domain in model.domains.items()}
        return check_divisions(model, (), _named(expression), domains, what, expression.span, help, self.effort)

    def _among(self, roles: frozenset[Role], conditions: Iterable[Expression]) -> CausalModel:
        """All inputs, or pairs of a base and a source, that a task admits and that satisfy conditions over inputs."""
        among: list[Role | None] = [role for role in ROLES if role in roles] or [None]
        inputs = [(f"{_prefix(role)}{d.name}", d.domain) for role in among for d in self.task.inputs]
        mechanisms = [
            Mechanism(f"{_prefix(role)}{m.name}", m.domain, _named(m.expression, role))
            for role in among
            for m in self.equations
        ]
        required = [_named(condition, role) for role in among for condition in self.task.require]
        return CausalModel(
            name=self.task.name,
            input_names=tuple(name for name, _ in inputs),
            input_domains=tuple(domain for _, domain in inputs),
            mechanisms=tuple(mechanisms),
            output="",
            require=(*required, *map(_named, conditions)),
        )


def _prefix(role: Role | None) -> str:
    return "" if role is None else f"{role}."


def _named(expression: Expression, role: Role | None = None) -> Expression:
    """The expression with the role of each variable in its name; `role` for those that have none."""
    match expression:
        case Variable(name=name, domain=domain, role=own, span=span):
            return Variable(f"{_prefix(own or role)}{name}", domain, None, span)
        case Apply(operator=operator, arguments=arguments, domain=domain, span=span):
            return Apply(operator, tuple(_named(a, role) for a in arguments), domain, span)
    return expression


def _roles(expression: Expression) -> frozenset[Role]:
    return frozenset(variable.role for variable in variables_of(expression) if variable.role is not None)


def _closed(roles: frozenset[Role], before: Sequence[Expression]) -> tuple[frozenset[Role], list[Expression]]:
    """The roles with those that conditions link to them, and the conditions that speak of these."""
    linked = roles.union(*(r for r in map(_roles, before) if r & roles))
    return linked, [condition for condition in before if _roles(condition) <= linked]
