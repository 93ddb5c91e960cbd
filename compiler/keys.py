"""Content keys: a step's identity is the hash of everything that its result depends on, and of nothing else."""

import hashlib
import json
from dataclasses import fields, is_dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any


def content_key(kind: str, version: int, **parts: Any) -> str:
    """The sha256 (hex) of a kind of step, the version of its code, and its parts.

    Parts are numbers, texts, None, fractions, dataclasses, tuples, lists and dicts of these. Raises TypeError for
    anything else, so that nothing enters a key by its address or by accident.
    """
    text = json.dumps([kind, version, _plain(parts)], sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def file_hash(path: Path) -> str:
    """The sha256 (hex) of a file's bytes. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def weights_hash(path: Path) -> str:
    """The sha256 (hex) of a network: of its file, or of its folder's `config.json` and safetensors. Raises OSError.

    A folder's tokenizer is none of it: what it makes of texts is hashed where they are encoded.
    """
    if not path.is_dir():
        return file_hash(path)
    files = [path / "config.json", *sorted(path.glob("*.safetensors")), *sorted(path.glob("*.safetensors.index.json"))]
    listed = "".join(f"{file.name} {file_hash(file)}\n" for file in files)
    return hashlib.sha256(listed.encode()).hexdigest()


def derived_seed(seed: int, role: str, key: str) -> int:
    """A seed in 0 .. 2^63 - 1 for one role of one step: what is drawn for it moves nothing else."""
    digest = hashlib.sha256(f"{seed}/{role}/{key}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


_KNOWN = "_as_it_enters_keys"
"""Under what name a record that is `keyed_often` keeps what it is in keys: it never changes."""


_TOLD: dict[type, tuple[tuple[str, bool, Any], ...] | None] = {}


def _told(kind: type) -> tuple[tuple[str, bool, Any], ...] | None:
    """The fields of a dataclass that enter keys: whether each joined it later, and its default; None of other types."""
    if kind not in _TOLD:
        _TOLD[kind] = _fields_of_keys(kind) if is_dataclass(kind) else None
    return _TOLD[kind]


def _fields_of_keys(kind: Any) -> tuple[tuple[str, bool, Any], ...]:
    told = [each for each in fields(kind) if each.compare and not each.metadata.get("name")]
    return tuple((each.name, bool(each.metadata.get("later")), each.default) for each in told)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, Fraction):
        return [value.numerator, value.denominator]
    if (told := _told(type(value))) is not None:
        if (known := vars(value).get(_KNOWN)) is not None:
            return known
        plain = {}
        for name, later, default in told:
            part = getattr(value, name)
            if not later or part != default:
                plain[name] = _plain(part)
        found = [type(value).__name__, plain]
        if getattr(value, "keyed_often", False):
            vars(value)[_KNOWN] = found
        return found
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    raise TypeError(f"a {type(value).__name__} cannot enter a content key")
