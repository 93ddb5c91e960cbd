"""The JSON documents of `--json`, described by pydantic: one shape for every command, with the parts that it has."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from ..compiler.locking.lock_document import LockDocument
from ..runtime.results.compare_results import ResultDiff
from ..runtime.results.result_document import ResultDocument


class DiagnosticDocument(BaseModel):
    """One diagnostic. Lines and columns count from 1; absent where it has no place in the text."""

    model_config = ConfigDict(extra="forbid")

    path: str = ""
    code: str
    severity: str
    message: str
    help: str = ""
    line: int | None = None
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None
    label: str = ""
    notes: list[str] = []
    related: list[dict[str, Any]] = []


class LeftOutDocument(BaseModel):
    """Of `of` inputs of a task, `count` leave one of `variables` without a value; of a sample where not `exact`."""

    model_config = ConfigDict(extra="forbid")

    task: str
    count: int
    of: int
    variables: list[str]
    exact: bool


class UndrawnDocument(BaseModel):
    """Of `of` items of an estimand, `count` have no output; all were counted where `exact`, else some were drawn."""

    model_config = ConfigDict(extra="forbid")

    estimand: str
    count: int
    of: int
    exact: bool


class Document(BaseModel):
    """What a command prints with `--json`: `exit` is its exit status; the other parts are the command's own."""

    model_config = ConfigDict(extra="forbid")

    command: str
    spec: str
    exit: int
    diagnostics: list[DiagnosticDocument]
    result: ResultDocument | None = None
    terms: dict[str, list[str]] | None = None
    plan: dict[str, Any] | None = None
    graph: dict[str, Any] | None = None
    declared: dict[str, list[dict[str, str]]] | None = None
    engine: str | None = None
    lock: LockDocument | None = None
    diff: ResultDiff | None = None
    replay: dict[str, Any] | None = None
    script: str | None = None
    files: list[str] | None = None
    left_out: list[LeftOutDocument] | None = None
    undrawn: list[UndrawnDocument] | None = None
    tokens: list[dict[str, Any]] | None = None
    codes: dict[str, str] | None = None


def check_document(document: dict[str, Any]) -> dict[str, Any]:
    """The document as plain JSON values, checked against its description; parts that are absent are left out."""
    return Document.model_validate(document).model_dump(mode="json", exclude_unset=True)
