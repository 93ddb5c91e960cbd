"""Proof that every mechanism's values lie in its domain and that nothing is divided by zero.

Over what admitted inputs and the interventions of the declared alignments can produce: by intervals where they
suffice, else by looking for a witness. From models to diagnostics.
"""

from collections.abc import Iterator, Sequence

from ..lang.diagnostics import Diagnostic, Label
from ..lang.domains import BOOL, integers
from ..lang.expressions import Apply, Constant, Expression
from ..lang.program import Mechanism
from ..lang.tuples import part_values
from .causal_model import CausalModel
from .definedness import condition_of
from .find_witness import Undecided, Witness, find_witness
from .intervals import Interval, interval_of


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
    witness = find_witness(model, aligned, _where_defined(model, mechanism.expression, outside), mechanism.expression)
    if witness is None:
        return []
    if isinstance(witness, Undecided):
        return [_undecided(mechanism, f"`{mechanism.name}` stays in `{domain.name}`", witness)]
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
        witness = find_witness(model, aligned, _where_defined(model, divisor, zero), divisor)
        if isinstance(witness, Undecided):
            return [_undecided(mechanism, f"`{mechanism.name}` never divides by zero", witness)]
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


def _where_defined(model: CausalModel, expression: Expression, violation: Expression) -> Expression:
    """The violation, only where the expression has a value: what is undefined is not used."""
    condition = condition_of(expression, model.hidden)
    return violation if condition is None else Apply("and", (condition, violation), BOOL)


def divisions(expression: Expression) -> Iterator[tuple[tuple[Expression, ...], Apply]]:
    """Every `//` and `%`, with the conditions (of `if`, `and`, `or`) under which its value matters."""
    if not isinstance(expression, Apply):
        return
    arguments = expression.arguments
    if expression.operator in ("//", "%"):
        yield (), expression
    guards: list[tuple[Expression, ...]] = [()] * len(arguments)
    if expression.operator == "the":
        guards = [(), (arguments[0],)]
    elif expression.operator == "if":
        guards = [(), (arguments[0],), (Apply("not", (arguments[0],), BOOL),)]
    elif expression.operator in ("and", "or"):
        for i in range(1, len(arguments)):
            left = arguments[i - 1]
            guards[i] = (*guards[i - 1], left if expression.operator == "and" else Apply("not", (left,), BOOL))
    for guard, argument in zip(guards, arguments, strict=True):
        for inner, division in divisions(argument):
            yield (*guard, *inner), division


def _notes(model: CausalModel, witness: Witness) -> tuple[str, ...]:
    shown = f"for the input {model.show_input(witness.inputs)}"
    if witness.setting:
        values = (f"`{v}` set to {model.domains[v].show(value)}" for v, value in witness.setting.items())
        shown += f", with {', '.join(values)} by an interchange"
    return (shown, witness.how)


def _undecided(mechanism: Mechanism, statement: str, search: Undecided) -> Diagnostic:
    return Diagnostic(
        "CS224",
        f"that {statement} could be checked by sampling only",
        Label(mechanism.span),
        notes=(f"by sampling: no counterexample among {search.samples:,} random inputs",),
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
