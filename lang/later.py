"""Fields that joined a type after results were stored: `field(default=..., metadata=LATER)`."""

LATER = {"later": True}
"""Marks a dataclass field that enters no content key at its default, so that what was stored before is still found."""
NAME = {"name": True}
"""Marks a field that tells things apart in one spec and enters no content key, since it only names what is hashed."""
