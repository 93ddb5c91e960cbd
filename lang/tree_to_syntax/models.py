"""Rules of causal models."""

from typing import Any

from ..diagnostics import Span
from ..syntax.leaves import Name
from ..syntax.members import Indexed
from ..syntax.models import Equation, ModelSyntax
from .leaves import name_of


def build_model(span: Span, children: list[Any]) -> ModelSyntax:
    return ModelSyntax(name_of(children[0]), name_of(children[1]), tuple(children[2:]), span=span)


def build_equation(span: Span, children: list[Any]) -> Equation:
    return Equation(children[0], children[1], children[2], span)


def build_target(span: Span, children: list[Any]) -> Indexed:
    return Indexed(children[0], children[1], span)


def build_variable(span: Span, children: list[Any]) -> Name:
    return name_of(children[0])
