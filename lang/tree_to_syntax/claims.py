"""Rules of claims: comparisons, estimands, and the clauses that follow them."""

from dataclasses import replace
from typing import Any

from ..diagnostics import Span
from ..syntax.alignments import FamilySyntax
from ..syntax.claims import (
    AccuracySyntax,
    CaseSyntax,
    ClaimOperation,
    ClaimSyntax,
    ComparisonSyntax,
    EstimandSyntax,
    Expectation,
    OnSyntax,
)
from ..syntax.expressions import Loop, Reference
from ..syntax.leaves import Decimal, Name
from ..syntax.members import ForSyntax, Indexed
from ..syntax.networks import NetworkReference
from .between_rules import Modifier, Over, Relator
from .expressions import build_group
from .faults import BrokenSyntaxError, ChainedComparisonsError, explain_repetition
from .leaves import fraction_of, name_of, of_kind, span_of


def build_claim(span: Span, children: list[Any]) -> ClaimSyntax:
    name, first, *_ = children
    modifiers: dict[str, tuple[Any, Span]] = {}
    for modifier in of_kind(children, Modifier):
        word = modifier.words
        if word in modifiers:
            raise BrokenSyntaxError(explain_repetition(word, modifier.span, modifiers[word][1]))
        modifiers[word] = modifier.value, modifier.span
    return ClaimSyntax(
        name_of(name),
        tuple(child for child in children if isinstance(child, ComparisonSyntax | ForSyntax)),
        modifiers.get("at confidence", (None,))[0],
        "exhaustively" in modifiers,
        modifiers.get("expect", (None,))[0],
        span=span,
        text_span=Span(first.span.start, span.end),
    )


def build_claim_part(span: Span, children: list[Any]) -> ComparisonSyntax:
    left, first, *more = children
    relator, right, tolerance = first
    if more:
        next_relator, last, _ = more[0]
        raise ChainedComparisonsError((left, right, last), (relator, next_relator))
    return ComparisonSyntax(left, relator.text, right, tolerance, None, span, relator.span)


def build_claim_all(span: Span, children: list[Any]) -> ForSyntax[Any]:
    _, part, *loops, where = children
    names = tuple(loop.variable for loop in loops)
    values = tuple(Reference(name, span=name.span) for name in names)
    case = CaseSyntax(names, values, where[1] if where else None, span)
    body: ComparisonSyntax | ForSyntax[Any] = replace(part, case=case)
    for loop in reversed(of_kind(loops, Loop)):
        body = ForSyntax(loop.variable, loop.domain, (body,), span)
    assert isinstance(body, ForSyntax), "the grammar asks for a loop"
    return body


def build_bound(span: Span, children: list[Any]) -> tuple[Relator, Any, Any]:
    relation, right, _, tolerance = children
    return Relator(str(relation), False, span_of(relation)), right, tolerance


def build_claim_sum(span: Span, children: list[Any]) -> ClaimOperation:
    left, operator, right = children
    return ClaimOperation(str(operator), (left, right), span)


build_claim_product = build_claim_sum


def build_claim_negative(span: Span, children: list[Any]) -> ClaimOperation:
    return ClaimOperation("negate", (children[1],), span)


build_claim_group = build_group


def build_decimal(span: Span, children: list[Any]) -> Decimal:
    return Decimal(fraction_of(children[0]), children[0].type == "INT", span)


def build_accuracy(span: Span, children: list[Any]) -> AccuracySyntax:
    network, task, over = children
    return AccuracySyntax(network, name_of(task) if task else None, over.names if over else (), span)


def build_estimand(span: Span, children: list[Any]) -> EstimandSyntax:
    kind, alignment, members, reader, *clauses = children
    over = tuple(clause.names for clause in of_kind(clauses, Over))
    on, via = of_kind(clauses, OnSyntax), of_kind(clauses, FamilySyntax)
    return EstimandSyntax(
        name_of(kind), name_of(alignment), members, reader, on, over, via, of_kind(clauses, Name), span
    )


def build_only(span: Span, children: list[Any]) -> tuple[Indexed, ...]:
    return tuple(child for child in children if child is not None)


def build_reader(span: Span, children: list[Any]) -> Indexed:
    reader: Indexed = children[0]
    return reader


def build_origin(span: Span, children: list[Any]) -> Name:
    return name_of(children[-1])


def build_on(span: Span, children: list[Any]) -> OnSyntax:
    frozen, _, reference = children
    return OnSyntax(reference, frozen is not None, span)


def build_swapped(span: Span, children: list[Any]) -> FamilySyntax:
    return replace(children[0], span=span)  # type: ignore[no-any-return]


def build_network_reference(span: Span, children: list[Any]) -> NetworkReference:
    ungated, first, inner = children
    if inner is None:
        return NetworkReference(name_of(first), None, ungated is not None, span)
    return NetworkReference(name_of(inner), name_of(first), ungated is not None, span)


def build_confidence(span: Span, children: list[Any]) -> Modifier:
    return Modifier("at confidence", children[1], span)


def build_exhaustively(span: Span, children: list[Any]) -> Modifier:
    return Modifier("exhaustively", True, span)


def build_expect(span: Span, children: list[Any]) -> Modifier:
    _, outcome, reason = children
    return Modifier("expect", Expectation(name_of(outcome), name_of(reason) if reason else None, span), span)
