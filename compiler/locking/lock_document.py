"""Lock documents: the border where a lock becomes a JSON file beside the spec and back, checked by pydantic."""

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ...lang.record import record
from .lock import FORMAT, Lock


@record
class LockDocument:
    """A lock as a JSON document: the hash, the sections' hashes that it is made of, and what they are hashes of.

    `after_results`: the store knew results of a claim's test items on its network when the lock was written.
    """

    format: int
    hash: str
    after_results: bool
    sections: dict[str, str]
    content: Lock


class BadLockError(Exception):
    """A lock that cannot be used: `code` of the diagnostic, and the reason."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


_ADAPTER: TypeAdapter[LockDocument] = TypeAdapter(LockDocument)


def lock_document(lock: Lock, after_results: bool) -> LockDocument:
    """A lock as the document that is written."""
    return LockDocument(FORMAT, lock.hash, after_results, lock.sections, lock)


def render_lock(document: LockDocument) -> str:
    """A lock document as JSON text: keys sorted, so that equal locks are equal bytes."""
    return json.dumps(lock_table(document), sort_keys=True, indent=2, ensure_ascii=False) + "\n"


def lock_table(document: LockDocument) -> dict[str, Any]:
    """A lock document as plain JSON values."""
    table: dict[str, Any] = _ADAPTER.dump_python(document, mode="json")
    return table


def read_lock(path: Path) -> LockDocument | None:
    """A lock from its file; None where there is none.

    Raises:
        BadLockError: it cannot be read, is no lock, is of another format, or its hashes do not fit its content.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise BadLockError("CS452", f"it cannot be read ({problem.strerror})") from None
    except (ValueError, RecursionError):
        raise BadLockError("CS452", "it is no JSON") from None
    if not isinstance(found, dict) or not isinstance(found.get("format"), int):
        raise BadLockError("CS452", "it is no lock")
    if found["format"] != FORMAT:
        raise BadLockError("CS453", f"expected format {FORMAT}, found {found['format']}")
    try:
        document = _ADAPTER.validate_python(found)
    except ValidationError as problem:
        where = ".".join(map(str, problem.errors()[0]["loc"]))
        raise BadLockError("CS452", f"its entry `{where}` is missing or of another kind") from None
    if (document.hash, document.sections) != (document.content.hash, document.content.sections):
        raise BadLockError("CS452", "its hashes do not fit its content: it was edited")
    return document
