"""Where look-ups by `the` have an answer: from a model's equations to a hidden truth value beside each variable.

A variable has a value where its equation has one; one that is set has a value. So a hidden truth value is a variable
like any other, and whatever evaluates models evaluates it, too.
"""

from collections.abc import Mapping, Sequence

from ..lang.domains import BOOL
from ..lang.expressions import Apply, Constant, Expression, Variable
from ..lang.program import Mechanism


def guard_mechanisms(
    mechanisms: Sequence[Mechanism],
    equations: Mapping[str, Expression],
    families: Sequence[tuple[str, tuple[str, ...]]],
) -> tuple[tuple[Mechanism, ...], dict[str, str]]:
    """The mechanisms with hidden truth values among them, and the hidden one of each variable that may lack a value.

    `equations` are what computes each variable where no family is set. A family has a value where all its members have.
    """
    members = dict(families)
    last = {names[-1]: family for family, names in families}
    hidden: dict[str, str] = {}
    guarded: list[Mechanism] = []

    def guard(name: str, condition: Expression | None) -> None:
        if condition is not None:
            hidden[name] = f"{name} is defined"
            guarded.append(Mechanism(hidden[name], BOOL, condition))

    for mechanism in mechanisms:
        name = mechanism.name
        guarded.append(mechanism)
        if name not in members:
            guard(name, condition_of(equations[name], hidden))
        if name in last:
            guard(last[name], _all([_of_variable(member, hidden) for member in members[last[name]]]))
    return tuple(guarded), hidden


def condition_of(expression: Expression, hidden: Mapping[str, str]) -> Expression | None:
    """Where an expression has a value; None: everywhere. `hidden` names truth values of variables that may lack one.

    What an `if` does not choose, and what an `and` or `or` does not come to, need not have a value.
    """
    if isinstance(expression, Variable):
        return _of_variable(expression.name, hidden)
    if not isinstance(expression, Apply):
        return None
    arguments = expression.arguments
    conditions = [condition_of(argument, hidden) for argument in arguments]
    if conditions[1:] == [None] * len(conditions[1:]) and expression.operator != "the":
        return conditions[0]
    match expression.operator:
        case "the":
            return _all([conditions[0], arguments[0], conditions[1]])
        case "if":
            then, otherwise = (condition or Constant(1, BOOL) for condition in conditions[1:])
            return _all([conditions[0], Apply("if", (arguments[0], then, otherwise), BOOL)])
        case "and" | "or":
            first, second = arguments[0], conditions[1] or Constant(1, BOOL)
            decided = Apply("not", (first,), BOOL) if expression.operator == "and" else first
            return _all([conditions[0], Apply("or", (decided, second), BOOL)])
    return _all(conditions)


def _of_variable(name: str, hidden: Mapping[str, str]) -> Expression | None:
    return Variable(hidden[name], BOOL) if name in hidden else None


def _all(conditions: Sequence[Expression | None]) -> Expression | None:
    """The conjunction of conditions, of which None stands for one that always holds."""
    joined: Expression | None = None
    for condition in conditions:
        if joined is None or condition is None:
            joined = joined or condition
        elif condition != joined:
            joined = Apply("and", (joined, condition), BOOL)
    return joined
