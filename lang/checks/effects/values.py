"""What a subject becomes, as written -> a sum of portions: its source's value, means, places, noise and a number."""

from fractions import Fraction

from ...domains import Domain
from ...effects import (
    SOURCE,
    CircuitSubject,
    InputSubject,
    MeanOf,
    Noise,
    OnSource,
    Portion,
    RestSubject,
    Subject,
    Taken,
    Value,
    VariablesSubject,
)
from ...exact import exact
from ...syntax.effects import TakenSyntax, ThingSyntax, ValueOperation, ValueSyntax, WrappedSyntax
from ...syntax.leaves import Decimal
from ..combinations import Combination, combine, only
from ..networks.reference import NetworkMeant, check_network_reference
from .thing_scope import ThingScope
from .things import check_subject

SOURCES = {"source": False, "shuffled": True}


_Amount = Combination[OnSource | MeanOf | Taken | Noise]
"""A value while it is put together: portions with exact factors, and a number."""


def check_value(syntax: ValueSyntax | None, subject: Subject, scope: ThingScope) -> Value | None:
    """What `subject` is set to; without a value, its own on the source. None after an error."""
    if syntax is None:
        return SOURCE
    if (named := _named_value(syntax, subject, scope)) is not None:
        return named
    amount = _lower(syntax, scope)
    if amount is None or not _fits(amount, subject, syntax, scope):
        return None
    portions = tuple(Portion(exact(factor), value) for factor, value in amount.terms)
    return Value(portions, exact(amount.constant))


def _lower(syntax: ValueSyntax, scope: ThingScope) -> _Amount | None:
    match syntax:
        case Decimal(value=value):
            return Combination((), value)
        case TakenSyntax():
            return _taken(syntax, scope)
        case ValueOperation(operator=operator):
            operands = [_lower(operand, scope) for operand in syntax.operands]
            known = [operand for operand in operands if operand is not None]
            if len(known) < len(operands):
                return None
            combined = combine(operator, known)
            if combined is None:
                scope.report.error(
                    "CS467",
                    "a product of two values",
                    syntax.span,
                    help="multiply a value by a number only: `4 * mean(X)`",
                )
            return combined


def _taken(syntax: TakenSyntax, scope: ThingScope) -> _Amount | None:
    subject = syntax.subject
    word = _word(subject)
    if word in SOURCES:
        if syntax.network is not None:
            _report_on(syntax, f"`{word}` is read in the network of the effect", scope)
            return None
        return _one(OnSource(SOURCES[word]))
    if isinstance(subject, WrappedSyntax) and subject.word.text in ("mean", "noise"):
        if syntax.network is not None:
            _report_on(syntax, f"`{subject.word.text}` is taken in the network of the effect", scope)
            return None
        return _mean(subject, scope) if subject.word.text == "mean" else _noise(subject, scope)
    network: NetworkMeant | None = None
    if syntax.network is not None:
        network = check_network_reference(syntax.network, scope.names)
        if network is None:
            return None
    place = check_subject(subject, scope)
    if place is None:
        return None
    if isinstance(place, InputSubject):
        scope.report.error(
            "CS467",
            f"`{place.text}` is an input, and no place in a run whose value could be taken",
            subject.span,
            help="take a site, a circuit or an aligned variable",
        )
        return None
    return _one(Taken(place, network.name if network else None, network.random if network else False))


def _mean(syntax: WrappedSyntax, scope: ThingScope) -> _Amount | None:
    if isinstance(syntax.inner, Decimal):
        scope.report.error("CS467", "a number has no mean", syntax.inner.span, help="write `mean(X)` with a site")
        return None
    subject = check_subject(syntax.inner, scope)
    if subject is None:
        return None
    if isinstance(subject, InputSubject):
        scope.report.error(
            "CS467",
            f"`{subject.text}` is an input and has no mean",
            syntax.inner.span,
            help="write `mean(X)` with a site",
        )
        return None
    return _one(MeanOf(subject))


def _noise(syntax: WrappedSyntax, scope: ThingScope) -> _Amount | None:
    if isinstance(syntax.inner, Decimal) and syntax.inner.value > 0:
        return _one(Noise(exact(syntax.inner.value)))
    scope.report.error(
        "CS467",
        "expected a standard deviation above 0",
        syntax.inner.span,
        help="write `noise(0.1)`",
    )
    return None


def _fits(amount: _Amount, subject: Subject, syntax: ValueSyntax, scope: ThingScope) -> bool:
    """Whether a subject can take this value."""
    only_number = not amount.terms
    plain = amount.constant == 0 and len(amount.terms) == 1 and amount.terms[0][0] == 1
    from_source = plain and isinstance(amount.terms[0][1], OnSource)
    if isinstance(subject, InputSubject):
        if from_source or (only_number and _in_domains(amount.constant, _input_domains(subject, scope))):
            return True
        what = f"`{subject.text}` is an input: it takes its value on the source, or one of its own values"
    elif isinstance(subject, VariablesSubject) and only_number:
        if _in_domains(amount.constant, _variable_domains(subject, scope)):
            return True
        what = f"`{subject.text}` is set to a value that it has: {amount.constant} is none"
    elif isinstance(subject, CircuitSubject) and subject.random and not (only_number or from_source):
        own = all(isinstance(value, OnSource | Noise) or value.subject == subject for _, value in amount.terms)
        if own:
            return True
        what = "the components of a `random` circuit are drawn: no other place's value fits them"
    elif isinstance(subject, RestSubject) and any(isinstance(value, MeanOf | Taken) for _, value in amount.terms):
        same = all(value.subject == subject for _, value in amount.terms if isinstance(value, MeanOf | Taken))
        if same:
            return True
        what = f"`{subject.text}` can take no other place's value"
    else:
        return True
    scope.report.error("CS467", what, syntax.span, help="write `source`, a number, or a value of the same place")
    return False


def _named_value(syntax: ValueSyntax, subject: Subject, scope: ThingScope) -> Value | None:
    """`true`, `nurse`: a value by its name, of an input or of an aligned variable; None where it is none."""
    word = _word(syntax.subject) if isinstance(syntax, TakenSyntax) and syntax.network is None else ""
    names = scope.names
    if not word or word in names.circuits.entries or word in names.nodes.entries:
        return None
    match subject:
        case InputSubject():
            domains = _input_domains(subject, scope)
        case VariablesSubject():
            domains = _variable_domains(subject, scope)
        case _:
            return None
    codes = {d.labels.index(word) if d and d.labels and word in d.labels else None for d in domains}
    code = codes.pop()
    return None if code is None or codes else Value((), (code, 1), word)


def _input_domains(subject: InputSubject, scope: ThingScope) -> list[Domain | None]:
    assert scope.task is not None
    return [scope.task.inputs[name] for name in subject.members or (subject.name,)]


def _variable_domains(subject: VariablesSubject, scope: ThingScope) -> list[Domain | None]:
    view = scope.names.alignments.entries[subject.alignment]
    model = None if view is None else scope.names.models.entries.get(view.model)
    if model is None:
        return [None]
    domains = {mechanism.name: mechanism.domain for mechanism in model.mechanisms}
    return [domains[variable] for variable in subject.variables]


def _in_domains(number: Fraction, domains: list[Domain | None]) -> bool:
    """Whether a number is a value of each domain; a truth value is 0 or 1, symbols are no numbers."""
    for domain in domains:
        if domain is None:
            continue
        if not (domain.is_integer or domain.is_boolean):  # symbols, and the tuples of a family
            return False
        if number.denominator != 1 or not domain.low <= number <= domain.high:
            return False
    return True


def _word(subject: object) -> str:
    plain = isinstance(subject, ThingSyntax) and not (subject.brackets or subject.members or subject.position)
    return subject.name.text if plain and isinstance(subject, ThingSyntax) else ""


def _one(value: OnSource | MeanOf | Taken | Noise) -> _Amount:
    return only(value)


def _report_on(syntax: TakenSyntax, message: str, scope: ThingScope) -> None:
    assert syntax.network is not None
    scope.report.error("CS467", message, syntax.network.span, help="leave `on` out here")
