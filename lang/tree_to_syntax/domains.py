"""Rules of domains."""

from typing import Any

from ..diagnostics import Span
from ..syntax.domains import CsvDomain, NamedDomain, RangeDomain, SetDomain
from ..syntax.leaves import Integer, Name
from .leaves import integer_of, name_of


def build_range_domain(span: Span, children: list[Any]) -> RangeDomain:
    return RangeDomain(children[0], children[1], span)


def build_set_domain(span: Span, children: list[Any]) -> SetDomain:
    return SetDomain(tuple(child for child in children if child is not None), span)


def build_symbol(span: Span, children: list[Any]) -> Name | Integer:
    return name_of(children[0]) if children[-1].type == "NAME" else integer_of(children[-1], children[0])


build_answer_value = build_symbol


def build_named_domain(span: Span, children: list[Any]) -> NamedDomain:
    return NamedDomain(name_of(children[0]), span)


def build_csv_domain(span: Span, children: list[Any]) -> CsvDomain:
    return CsvDomain(name_of(children[0]), children[1], span)


def build_signed(span: Span, children: list[Any]) -> Integer:
    return integer_of(children[1], children[0])
