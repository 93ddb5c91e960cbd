"""The tokens that end a text which a transformer generates, as its folder says."""

import json
from pathlib import Path
from typing import Any

FILES = ("generation_config.json", "config.json")
"""Where they stand; the first file that names some counts."""
MAX_BYTES = 10_000_000


def read_end_tokens(folder: Path) -> tuple[int, ...]:
    """The ids of the end-of-text tokens, in order; none where the folder names none."""
    for name in FILES:
        path = folder / name
        try:
            if path.stat().st_size > MAX_BYTES:
                continue
            config = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            continue
        if found := _ends(config):
            return found
    return ()


def _ends(config: Any) -> tuple[int, ...]:
    if not isinstance(config, dict):
        return ()
    said = config.get("eos_token_id")
    listed = said if isinstance(said, list) else [said]
    ids = sorted({each for each in listed if isinstance(each, int) and not isinstance(each, bool) and each >= 0})
    return tuple(ids) or _ends(config.get("text_config"))
