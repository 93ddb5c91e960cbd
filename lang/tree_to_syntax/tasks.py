"""Rules of types and tasks."""

from typing import Any

from ..diagnostics import Span
from ..syntax.leaves import Name
from ..syntax.members import ForSyntax
from ..syntax.metrics import MetricSyntax
from ..syntax.tasks import (
    AnswerEntry,
    AnswerSyntax,
    DeclaredSyntax,
    GeneratedSyntax,
    Group,
    PromptSyntax,
    RequireSyntax,
    TaskSyntax,
    TokensSyntax,
    TypeSyntax,
    VectorSyntax,
)
from .leaves import integer_of, name_of, of_kind


def build_type(span: Span, children: list[Any]) -> TypeSyntax:
    return TypeSyntax(name_of(children[0]), children[1], span=span)


def build_task(span: Span, children: list[Any]) -> TaskSyntax:
    name, *items = children
    groups = of_kind(items, tuple)
    return TaskSyntax(
        name_of(name),
        tuple(value for kind, value in groups if kind == "input"),
        tuple(value for kind, value in groups if kind == "output"),
        tuple(item for item in items if isinstance(item, TokensSyntax | VectorSyntax | PromptSyntax)),
        of_kind(items, GeneratedSyntax),
        tuple(item for item in items if isinstance(item, RequireSyntax | AnswerSyntax | MetricSyntax | ForSyntax)),
        span=span,
    )


def build_input(span: Span, children: list[Any]) -> tuple[str, Group]:
    keyword, *names, domain = children
    return str(keyword), Group(tuple(names), domain, span)


build_output = build_input


def build_declared(span: Span, children: list[Any]) -> DeclaredSyntax:
    name, count = children
    return DeclaredSyntax(name_of(name), integer_of(count) if count else None, span)


def build_require(span: Span, children: list[Any]) -> RequireSyntax:
    return RequireSyntax(children[1], span)


def build_tokens(span: Span, children: list[Any]) -> TokensSyntax:
    return TokensSyntax(children[1], span)


def build_vector(span: Span, children: list[Any]) -> VectorSyntax:
    return VectorSyntax(children[1], span)


def build_prompt(span: Span, children: list[Any]) -> PromptSyntax:
    return PromptSyntax(children[1], span)


def build_answer(span: Span, children: list[Any]) -> AnswerSyntax:
    _, output, position, reading, among = children
    return AnswerSyntax(output, position, reading, among, span)


def build_among(span: Span, children: list[Any]) -> Name:
    return name_of(children[1])


def build_generated(span: Span, children: list[Any]) -> GeneratedSyntax:
    return GeneratedSyntax(name_of(children[1]), integer_of(children[2]), span)


def build_answer_map(span: Span, children: list[Any]) -> tuple[AnswerEntry, ...]:
    return tuple(children)


def build_answer_entry(span: Span, children: list[Any]) -> AnswerEntry:
    return AnswerEntry(children[0], children[1], span)


def build_answer_word(span: Span, children: list[Any]) -> Name:
    return name_of(children[0])
