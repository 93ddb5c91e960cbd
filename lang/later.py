"""Fields that joined a type after results were stored."""

from dataclasses import field
from typing import Any


def later(default: Any) -> Any:
    """A dataclass field that enters no content key at its default, so that what was stored before is still found."""
    return field(default=default, metadata={"later": True})
