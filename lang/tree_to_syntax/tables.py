"""Rules of tables and functions."""

from typing import Any

from ..diagnostics import Span
from ..syntax.domains import CsvDomain, DomainSyntax
from ..syntax.tables import Cell, FunctionSyntax, Parameter, TableEntry, TableSyntax
from .leaves import integer_of, name_of, text_of


def build_table(span: Span, children: list[Any]) -> TableSyntax:
    name, types, rows = children
    keys, domain = types or ((), None)
    where = rows.span if isinstance(rows, CsvDomain) else Span(rows[0].span.start, rows[-1].span.end)
    return TableSyntax(name_of(name), keys, domain, rows, span=span, rows_span=where)


def build_table_types(span: Span, children: list[Any]) -> tuple[tuple[DomainSyntax, ...], DomainSyntax]:
    *keys, domain = children
    return tuple(keys), domain


def build_table_rows(span: Span, children: list[Any]) -> tuple[TableEntry, ...]:
    return tuple(child for child in children if child is not None)


def build_table_row(span: Span, children: list[Any]) -> TableEntry:
    *keys, value = children
    return TableEntry(tuple(keys), value, span)


def build_cell(span: Span, children: list[Any]) -> Cell:
    token = children[-1]
    if token.type == "STRING":
        return text_of(token)
    return name_of(token) if token.type == "NAME" else integer_of(token, children[0])


def build_fn(span: Span, children: list[Any]) -> FunctionSyntax:
    name, *groups, result, body = children
    parameters = tuple(parameter for group in groups if group is not None for parameter in group)
    return FunctionSyntax(name_of(name), parameters, result[0] if result else None, body, span=span)


def build_parameters(span: Span, children: list[Any]) -> tuple[Parameter, ...]:
    *names, domain = children
    return tuple(Parameter(name_of(name), domain, name_of(name).span) for name in names)


def build_result(span: Span, children: list[Any]) -> tuple[DomainSyntax]:
    return (children[0],)
