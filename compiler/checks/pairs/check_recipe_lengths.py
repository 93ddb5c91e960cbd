"""That what recipes read can be written over inputs alone: from recipes and models to errors where it is far too long.

A variable that is read twice in an equation is written out twice, so that a chain of such equations doubles each time.
"""

from collections.abc import Iterator, Mapping

from ....lang.diagnostics import Diagnostic, Label
from ....lang.expressions import Apply, Expression, Variable
from ....lang.metrics import CORRECT
from ....lang.program import Pairs, Program
from ...causal_model import CausalModel
from ...lowering.lower_recipes import models_of
from ..models.check_divisions import divisions

MAX_LENGTH = 100_000
"""Constants, variables and operations of a recipe's conditions, each variable of a model written over inputs."""


def check_recipe_lengths(program: Program, models: Mapping[str, CausalModel]) -> tuple[Diagnostic, ...]:
    """Every recipe that is too long, at the condition or value with which it becomes so."""
    found: list[Diagnostic] = []
    for pairs in program.pairs.values():
        found += _check(pairs, program, models)
    return tuple(dict.fromkeys(found))


def _check(pairs: Pairs, program: Program, models: Mapping[str, CausalModel]) -> Iterator[Diagnostic]:
    written = (*pairs.where, *(pairs.cells or ()))
    lengths: dict[str, int] = {}
    total = 0
    for model in reversed(models_of(program, models, pairs.task) if written else []):  # of several, the first is meant
        own = _lengths(model)
        lengths |= own | {CORRECT.name: own[model.output]}
        if any(True for expression in written for _ in divisions(expression)):
            total += sum(own[name] for name in model.hidden)
    for expression in written:
        total += _length(expression, lengths)
        if total > MAX_LENGTH:
            message = f"the conditions of `{pairs.name}` are too long, written over inputs alone"
            help = "read fewer variables, or such as are computed from inputs in fewer steps"
            yield Diagnostic(
                "CS448",
                message,
                Label(expression.span, "with this"),
                notes=(f"more than {MAX_LENGTH:,} constants, variables and operations",),
                help=help,
            )
            return


def _lengths(model: CausalModel) -> dict[str, int]:
    """How long each variable is, written over inputs."""
    lengths: dict[str, int] = {}
    for name, equation in model.own_equations.items():
        lengths[name] = _length(equation, lengths)
    return lengths


def _length(expression: Expression, lengths: Mapping[str, int]) -> int:
    match expression:
        case Variable(name=name):
            return lengths.get(name, 1)
        case Apply(arguments=arguments):
            return 1 + sum(_length(argument, lengths) for argument in arguments)
    return 1
