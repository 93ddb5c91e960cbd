"""Imports as they are written."""

from dataclasses import field

from ..diagnostics import NOWHERE, Span
from ..record import record
from .leaves import Name, Text


@record
class ImportSyntax:
    """`import "tasks.cspec" as name`; without `as`, the file's own name without its ending."""

    path: Text
    alias: Name | None
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)
