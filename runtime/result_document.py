"""Result documents: the border where verdicts become JSON and JSON becomes verdicts, checked by pydantic."""

from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from .verdicts import Environment, Result, Verdict

FORMAT = 1
"""Raised when a reader of older documents could misread a newer one."""


@dataclass(frozen=True)
class ResultDocument:
    """A result as a JSON document."""

    format: int
    spec: str
    doc: str
    plan: str
    seed: int
    confidence: float
    verdicts: tuple[Verdict, ...]
    environment: Environment
    complete: bool = True


_ADAPTER: TypeAdapter[ResultDocument] = TypeAdapter(ResultDocument)


def write_result(result: Result) -> str:
    """A result as JSON text."""
    return _ADAPTER.dump_json(_document(result), indent=2).decode() + "\n"


def result_table(result: Result) -> dict[str, Any]:
    """A result as plain JSON values."""
    table: dict[str, Any] = _ADAPTER.dump_python(_document(result), mode="json")
    return table


def read_result(path: Path) -> Result | None:
    """A result from its file; None where it is missing, broken, or of another format."""
    try:
        document = _ADAPTER.validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValidationError, ValueError):
        return None
    if document.format != FORMAT:
        return None
    return Result(
        document.spec,
        document.doc,
        document.plan,
        document.seed,
        document.confidence,
        document.verdicts,
        document.environment,
        document.complete,
    )


def _document(result: Result) -> ResultDocument:
    return ResultDocument(
        FORMAT,
        result.spec,
        result.doc,
        result.plan,
        result.seed,
        result.confidence,
        result.verdicts,
        result.environment,
        result.complete,
    )
