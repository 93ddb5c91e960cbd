"""Result documents: the border where verdicts become JSON and JSON becomes verdicts, checked by pydantic."""

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from ..deciding.verdicts import DocRow, Environment, Result, Verdict
from ..diagnosis.diagnosis import Diagnosis
from ..graphs.measured_graph import MeasuredGraph

FORMAT = 2
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
    lock: str | None = None
    criterion: str = "not locked"
    docs: tuple[DocRow, ...] = ()
    graphs: tuple[MeasuredGraph, ...] = ()


class BadResultError(Exception):
    """A file that is no result that can be read; says why."""


_ADAPTER: TypeAdapter[ResultDocument] = TypeAdapter(ResultDocument)
_DIAGNOSIS: TypeAdapter[Diagnosis] = TypeAdapter(Diagnosis)


def write_result(result: Result) -> str:
    """A result as JSON text."""
    return _ADAPTER.dump_json(_document(result), indent=2).decode() + "\n"


def result_table(result: Result) -> dict[str, Any]:
    """A result as plain JSON values."""
    table: dict[str, Any] = _ADAPTER.dump_python(_document(result), mode="json")
    return table


def diagnosis_table(diagnosis: Diagnosis) -> dict[str, Any]:
    """A diagnosis as plain JSON values."""
    table: dict[str, Any] = _DIAGNOSIS.dump_python(diagnosis, mode="json")
    return table


def read_diagnosis(table: dict[str, Any]) -> Diagnosis:
    """The inverse of `diagnosis_table`."""
    return _DIAGNOSIS.validate_python(table)


def read_result(path: Path) -> Result | None:
    """A result from its file; None where it is missing, broken, or of another format."""
    try:
        return load_result(path)
    except (OSError, BadResultError):
        return None


def load_result(path: Path) -> Result:
    """A result from its file.

    Raises:
        OSError: the file cannot be read.
        BadResultError: it is no result, or one of another format.
    """
    try:
        found = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        raise BadResultError("it is no JSON") from None
    if isinstance(found, dict) and isinstance(found.get("result"), dict):
        found = found["result"]  # what `verify --json` prints, with the result in it
    if not isinstance(found, dict) or not isinstance(found.get("format"), int):
        raise BadResultError("it is no result document")
    if found["format"] != FORMAT:
        raise BadResultError(f"expected format {FORMAT}, found {found['format']}")
    try:
        document = _ADAPTER.validate_python(found)
    except ValidationError as problem:
        where = ".".join(map(str, problem.errors()[0]["loc"]))
        raise BadResultError(f"its entry `{where}` is missing or of another kind") from None
    return Result(
        document.spec,
        document.doc,
        document.plan,
        document.seed,
        document.confidence,
        document.verdicts,
        document.environment,
        document.complete,
        document.lock,
        document.criterion,
        document.docs,
        document.graphs,
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
        result.lock,
        result.criterion,
        result.docs,
        result.graphs,
    )
