"""Imports as they are written."""

from dataclasses import dataclass, field

from ..diagnostics import NOWHERE, Span
from .leaves import Name, Text


@dataclass(frozen=True)
class ImportSyntax:
    """`import "tasks.cspec" as name`; without `as`, the file's own name without its ending."""

    path: Text
    alias: Name | None
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)
