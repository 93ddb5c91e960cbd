"""Entries of a checkpoint's `cspec.config`, read with complaints that name the entry.

Every function raises ValueError with a reason for the user.
"""

from typing import Any


def check_entries(config: dict[str, Any], required: tuple[str, ...], optional: tuple[str, ...]) -> None:
    """Every required entry is there, and no unknown one."""
    if unknown := set(config) - {"architecture", *required, *optional}:
        raise ValueError(f"unknown entry `{min(unknown)}`")
    if missing := set(required) - set(config):
        raise ValueError(f"the entry `{min(missing)}` is missing")


def read_positive(name: str, value: Any, most: int | None = None) -> int:
    """A whole number above 0, and at most `most`: of more than a network can have, tables would fill the memory."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"`{name}` must hold whole numbers above 0")
    if most is not None and value > most:
        raise ValueError(f"`{name}` must be at most {most:,}, found {value:,}")
    return value


def read_law(config: dict[str, Any], law: str) -> str:
    """The initialisation law: each architecture has one so far."""
    found = str(config.get("init", law))
    if found != law:
        raise ValueError(f"expected the init law `{law}`, found `{found}`")
    return found


def read_frozen(config: dict[str, Any], tensors: dict[str, tuple[int, ...]]) -> tuple[str, ...]:
    """The frozen tensors, each one of the network's."""
    frozen = tuple(str(name) for name in config.get("frozen", ()))
    if strange := [name for name in frozen if name not in tensors]:
        raise ValueError(f"`frozen` names `{strange[0]}`, which is no tensor of it")
    return frozen
