"""Fields that joined a type after results were stored: `field(default=..., metadata=LATER)`."""

LATER = {"later": True}
"""Marks a dataclass field that enters no content key at its default, so that what was stored before is still found."""
