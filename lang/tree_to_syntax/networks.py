"""Rules of networks and arguments."""

from typing import Any

from ..diagnostics import Span
from ..syntax.leaves import Decimal, Name, Text
from ..syntax.networks import Argument, NetworkSyntax
from .leaves import fraction_of, name_of, span_of, text_of


def build_network(span: Span, children: list[Any]) -> NetworkSyntax:
    name, loader, arguments, ungated = children
    return NetworkSyntax(name_of(name), name_of(loader), arguments, ungated is not None, span=span)


def build_arguments(span: Span, children: list[Any]) -> tuple[Argument, ...]:
    return tuple(child for child in children if child is not None)


def build_argument(span: Span, children: list[Any]) -> Argument:
    key, token = children
    value: Text | Decimal | Name
    if token.type == "STRING":
        value = text_of(token)
    elif token.type == "NAME":
        value = name_of(token)
    else:
        value = Decimal(fraction_of(token), token.type == "INT", span_of(token))
    return Argument(name_of(key) if key else None, value, span)
