"""From a transformer's folder to its facts: `config.json` alone, never its weights, never its code."""

import json
from pathlib import Path
from typing import Any

from .read_header import BadCheckpointError, refuse_pointer
from .transformer import ARCHITECTURES, TransformerFacts, parse_transformer_config

MAX_BYTES = 10_000_000
_ENTRY = "put the entry right in `config.json`, or take the folder anew from where the network comes from"
_REMEDY = "name a folder in the Hugging Face format: `config.json`, `tokenizer.json` and safetensors"


def read_transformer_facts(folder: Path) -> TransformerFacts:
    """Read the configuration in a folder.

    Raises:
        BadCheckpointError: it is missing or broken, the network would need code of its own, or a file of its weights
            is there and cannot be opened.
    """
    _check_openable(folder)
    config = _read_json(folder / "config.json")
    if "auto_map" in config and config.get("model_type") not in ARCHITECTURES:
        raise BadCheckpointError(
            "CS534",
            "its `config.json` asks for code of its own (`auto_map`)",
            "a spec runs no code from a checkpoint: convert it to an architecture that transformers knows",
        )
    try:
        return parse_transformer_config(config)
    except (ValueError, TypeError) as problem:
        raise BadCheckpointError("CS532", f"its `config.json` cannot be used: {problem}", _ENTRY) from None


def _check_openable(folder: Path) -> None:
    """Every file of weights can be opened; whether all are there, and whole, is found out by loading."""
    for path in (*folder.glob("*.safetensors"), *folder.glob("*.safetensors.index.json")):
        try:
            refuse_pointer(path)
        except OSError as problem:
            reason = f"its `{path.name}` cannot be read ({problem.strerror})"
            raise BadCheckpointError("CS502", reason, "copy it again, or check its permissions") from None


def _read_json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadCheckpointError("CS532", "its `config.json` is too large to be one", _REMEDY)
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        what = "it holds no `config.json`" if path.parent.is_dir() else "there is no such folder"
        raise BadCheckpointError("CS532", what, _REMEDY) from None
    except OSError as problem:
        raise BadCheckpointError("CS532", f"its `config.json` cannot be read ({problem.strerror})", _REMEDY) from None
    except (ValueError, RecursionError):
        raise BadCheckpointError("CS532", "its `config.json` is no JSON", _REMEDY) from None
    if not isinstance(found, dict):
        raise BadCheckpointError("CS532", "its `config.json` is no table", _REMEDY)
    return found
