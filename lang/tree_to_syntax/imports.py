"""Rules of imports."""

from typing import Any

from ..diagnostics import Span
from ..syntax.imports import ImportSyntax
from .leaves import name_of, text_of


def build_import(span: Span, children: list[Any]) -> ImportSyntax:
    path, alias = children
    return ImportSyntax(text_of(path), name_of(alias) if alias else None, span=span)
