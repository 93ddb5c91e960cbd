"""Proof that every mechanism's values lie in its domain and that nothing is divided by zero.

Over what admitted inputs and the interventions of the declared alignments can produce: by intervals where they
suffice, else by enumeration, else by sampling. From models to diagnostics with witnesses.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..lang.diagnostics import Diagnostic, Label
from ..lang.domains import BOOL, integers
from ..lang.expressions import Apply, Constant, Expression, variables_of
from ..lang.program import Mechanism
from ..lang.tuples import part_values
from .causal_model import CausalModel, Codes
from .expressions import evaluate
from .intervals import Interval, interval_of
from .sampling.relations import TooLargeError
from .sampling.spaces import Layout, every_input, holds, tabulated

SAMPLES = 1_000_000
_BATCH = 1 << 16
LISTED = 1 << 20
"""Runs of a model that are listed; above, tables are tried."""

Setting = tuple[Codes, npt.NDArray[np.bool_]]
"""The codes that a variable is set to, and in which runs; each of shape [run]."""


@dataclass(frozen=True)
class Witness:
    """An input (codes), the values that variables were set to, the value found, and how the search went."""

    inputs: np.ndarray[tuple[int], np.dtype[np.int64]]
    setting: dict[str, int]
    value: int
    how: str
    low: int
    high: int
    """The lowest and highest value that the search found."""


@dataclass(frozen=True)
class Undecided:
    """No witness among the samples: no proof either."""


def check_domains(
    model: CausalModel, aligned: Sequence[tuple[str, ...]]
) -> tuple[tuple[Diagnostic, ...], frozenset[str]]:
    """Check every mechanism; also the names of mechanisms whose values cannot be relied on."""
    found: list[Diagnostic] = []
    broken: set[str] = set()
    domains = {name: Interval(domain.low, domain.high) for name, domain in model.domains.items()}
    for mechanism in model.mechanisms:
        if broken & set(model.parents[mechanism.name]):
            broken.add(mechanism.name)
            continue
        problems: list[Diagnostic] = []
        for part in _parts(model, mechanism):
            problems += _check_divisions(model, aligned, part, domains) or _check_range(model, aligned, part, domains)
        if any(problem.severity == "error" for problem in problems):
            broken.add(mechanism.name)
        found += problems[:1]
    return tuple(found), frozenset(broken)


def _parts(model: CausalModel, mechanism: Mechanism) -> tuple[Mechanism, ...]:
    """A mechanism, or of a tuple each part by itself: a part that leaves its domain would spill into the next one."""
    domain = mechanism.domain
    if not domain.parts:
        return (mechanism,)
    values = part_values(mechanism.expression, domain)
    names = dict(model.families).get(mechanism.name, (mechanism.name,) * len(values))
    spans = {m.name: m.span for m in model.mechanisms}
    return tuple(
        Mechanism(name, part, value, span=spans[name])
        for name, part, value in zip(names, domain.parts, values, strict=True)
    )


def _check_range(
    model: CausalModel, aligned: Sequence[tuple[str, ...]], mechanism: Mechanism, domains: dict[str, Interval]
) -> list[Diagnostic]:
    domain = mechanism.domain
    possible = interval_of(mechanism.expression, domains)
    if domain.low <= possible.low and possible.high <= domain.high:
        return []
    outside = _any(
        _compare("<", mechanism.expression, domain.low),
        _compare(">", mechanism.expression, domain.high),
    )
    witness = _find(model, aligned, outside, mechanism.expression)
    if witness is None:
        return []
    if isinstance(witness, Undecided):
        return [_undecided(mechanism, f"`{mechanism.name}` stays in `{domain.name}`")]
    low, high = min(domain.low, witness.low), max(domain.high, witness.high)
    help = "change its equation or its type"
    if domain.is_integer:
        help = f"declare `{mechanism.name}: {low}..{high}`, or change its equation"
    return [
        Diagnostic(
            "CS220",
            f"`{mechanism.name}` leaves its domain: expected a value of `{domain.name}`, found {witness.value}",
            Label(mechanism.span, f"is {witness.value} here"),
            notes=_notes(model, witness),
            help=help,
        )
    ]


def _check_divisions(
    model: CausalModel, aligned: Sequence[tuple[str, ...]], mechanism: Mechanism, domains: dict[str, Interval]
) -> list[Diagnostic]:
    for guards, division in divisions(mechanism.expression):
        divisor = division.arguments[1]
        possible = interval_of(divisor, domains)
        if possible.low > 0 or possible.high < 0:
            continue
        zero: Expression = _compare("==", divisor, 0)
        for guard in guards:
            zero = Apply("and", (guard, zero), BOOL)
        witness = _find(model, aligned, zero, divisor)
        if isinstance(witness, Undecided):
            return [_undecided(mechanism, f"`{mechanism.name}` never divides by zero")]
        if witness is not None:
            return [
                Diagnostic(
                    "CS223",
                    f"`{mechanism.name}` divides by zero",
                    Label(division.span if division.span.end else mechanism.span, "the divisor can be 0"),
                    notes=_notes(model, witness),
                    help="guard the division: `if divisor != 0 then ... else ...`",
                )
            ]
    return []


def divisions(expression: Expression) -> Iterator[tuple[tuple[Expression, ...], Apply]]:
    """Every `//` and `%`, with the conditions (of `if`, `and`, `or`) under which its value matters."""
    if not isinstance(expression, Apply):
        return
    arguments = expression.arguments
    if expression.operator in ("//", "%"):
        yield (), expression
    guards: list[tuple[Expression, ...]] = [()] * len(arguments)
    if expression.operator == "if":
        guards = [(), (arguments[0],), (Apply("not", (arguments[0],), BOOL),)]
    elif expression.operator in ("and", "or"):
        for i in range(1, len(arguments)):
            left = arguments[i - 1]
            guards[i] = (*guards[i - 1], left if expression.operator == "and" else Apply("not", (left,), BOOL))
    for guard, argument in zip(guards, arguments, strict=True):
        for inner, division in divisions(argument):
            yield (*guard, *inner), division


def _find(
    model: CausalModel, aligned: Sequence[tuple[str, ...]], violation: Expression, shown: Expression
) -> Witness | Undecided | None:
    """A reachable state in which `violation` is true: without intervention, else under some set of an alignment."""
    undecided = False
    for variables in dict.fromkeys([(), *aligned]):
        set_before = tuple(v for v in variables if _matters(model, v, violation))
        if variables and not set_before:
            continue
        try:
            witness = _find_exactly(model, set_before, violation, shown)
        except TooLargeError:
            witness = _find_by_samples(model, set_before, violation, shown)
            undecided |= witness is None
        if witness is not None:
            return witness
    return Undecided() if undecided else None


def _matters(model: CausalModel, variable: str, violation: Expression) -> bool:
    """Whether the expression depends on the variable, directly or through other mechanisms."""
    waiting = [v.name for v in variables_of(violation)]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += model.parents.get(name, ())
    return variable in seen


def _find_exactly(
    model: CausalModel, variables: Sequence[str], violation: Expression, shown: Expression
) -> Witness | None:
    """By listing every run; where these are too many, by tables without whole inputs. Raises TooLargeError."""
    try:
        return _find_by_listing(model, variables, violation, shown)
    except TooLargeError:
        return _find_by_tables(model, variables, violation, shown)


def _find_by_tables(
    model: CausalModel, variables: Sequence[str], violation: Expression, shown: Expression
) -> Witness | None:
    """By enumeration: every variable either keeps its own value or takes one that it has on some admitted input."""
    layout = tabulated(model, model.require, [np.arange(d.size) for d in model.input_domains])
    graph = layout.graph
    environment = dict(layout.inputs)
    choices: dict[str, tuple[int, int]] = {}
    for mechanism in model.mechanisms:
        node = graph.expression(model.equation(mechanism.name, variables), environment)
        if mechanism.name in variables:
            choices[mechanism.name] = graph.leaf(np.arange(2)), graph.leaf(_natural(layout, mechanism.name))
            node = graph.apply("if", (*choices[mechanism.name], node))
        environment[mechanism.name] = node
    value = graph.expression(shown, environment)
    true = (*layout.true, graph.expression(violation, environment))
    solution = graph.solve([value], true, layout.extra)
    if not len(solution.elimination.table):
        return None
    values = solution.kept(value)
    assigned = solution.elimination.draw(np.zeros(1, dtype=np.int64), np.random.Generator(np.random.Philox(key=0)))
    setting = {}
    for name, (choice, leaf) in choices.items():
        if choice in assigned and solution.decode(assigned, choice)[0]:
            setting[name] = int(solution.decode(assigned, leaf)[0])
    how = "decided by enumeration"
    inputs = layout.decode(solution, assigned)[0]
    return Witness(inputs, setting, int(values[0]), how, int(values.min()), int(values.max()))


def _natural(layout: Layout, variable: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The values that a variable has on admitted inputs, sorted. Raises TooLargeError."""
    node = layout.variables[variable]
    return np.unique(layout.graph.solve([node], layout.true, layout.extra).kept(node))


def _find_by_listing(
    model: CausalModel, variables: Sequence[str], violation: Expression, shown: Expression
) -> Witness | None:
    """By running every input with every setting; each variable keeps its own value or takes one that it has somewhere.

    Raises TooLargeError above `LISTED` runs.
    """
    if math.prod(domain.size for domain in model.input_domains) > LISTED:
        raise TooLargeError
    inputs = every_input([np.arange(domain.size) for domain in model.input_domains])
    inputs = inputs[model.admits(inputs)]
    natural = model.run(inputs, {})
    choices = [np.unique(natural[variable]) for variable in variables]
    sizes = [len(inputs), *(len(codes) + 1 for codes in choices)]
    total = math.prod(sizes)
    if total > LISTED:
        raise TooLargeError
    row, *picked = np.unravel_index(np.arange(total), sizes)
    setting = {
        variable: (codes[np.minimum(pick, len(codes) - 1)], pick < len(codes))
        for variable, codes, pick in zip(variables, choices, picked, strict=True)
    }
    return _witness(model, inputs[row], setting, violation, shown, "decided by enumeration")


def _witness(
    model: CausalModel,
    inputs: Codes,
    setting: Mapping[str, Setting],
    violation: Expression,
    shown: Expression,
    how: str,
) -> Witness | None:
    """The first of some runs (inputs [run, input], settings [run]) in which `violation` is true."""
    codes = model.run(inputs, setting)
    values = {name: column + model.domains[name].low for name, column in codes.items()}
    hits = np.flatnonzero(evaluate(violation, values, len(inputs)))
    if not len(hits):
        return None
    at = evaluate(shown, values, len(inputs))[hits]
    chosen = {v: int(to[hits[0]]) + model.domains[v].low for v, (to, where) in setting.items() if where[hits[0]]}
    return Witness(inputs[hits[0]], chosen, int(at[0]), how, int(at.min()), int(at.max()))


def _find_by_samples(
    model: CausalModel, variables: Sequence[str], violation: Expression, shown: Expression
) -> Witness | None:
    generator = np.random.Generator(np.random.Philox(key=1))
    for _ in range(0, SAMPLES, _BATCH):
        inputs, sources = (
            np.stack([generator.integers(0, d.size, _BATCH) for d in model.input_domains], axis=1) for _ in range(2)
        )
        right = holds(model, model.require, inputs) & holds(model, model.require, sources)
        inputs, sources = inputs[right], sources[right]
        natural = model.run(sources, {})
        setting = {v: (generator.permutation(natural[v]), generator.random(len(inputs)) < 0.5) for v in variables}
        witness = _witness(model, inputs, setting, violation, shown, "found by sampling")
        if witness is not None:
            return witness
    return None


def _notes(model: CausalModel, witness: Witness) -> tuple[str, ...]:
    shown = f"for the input {model.show_input(witness.inputs)}"
    if witness.setting:
        values = (f"`{v}` set to {model.domains[v].show(value)}" for v, value in witness.setting.items())
        shown += f", with {', '.join(values)} by an interchange"
    return (shown, witness.how)


def _undecided(mechanism: Mechanism, statement: str) -> Diagnostic:
    return Diagnostic(
        "CS224",
        f"that {statement} could be checked by sampling only",
        Label(mechanism.span),
        notes=(f"by sampling: no counterexample among {SAMPLES:,} random inputs",),
        help="smaller domains, or simpler equations, let it be proved",
        severity="warning",
    )


def _compare(operator: str, left: Expression, right: int) -> Apply:
    constant = Constant(right, integers(right, right))
    match operator:
        case "<":
            return Apply("<", (left, constant), BOOL)
        case ">":
            return Apply(">", (left, constant), BOOL)
    return Apply("==", (left, constant), BOOL)


def _any(*alternatives: Expression) -> Apply:
    return Apply("or", alternatives, BOOL)
