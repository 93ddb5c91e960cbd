"""A network's tokenizer: `tokenizer.json` through the `tokenizers` library, which is loaded only where one is read."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...lang.record import record
from .read_header import BadCheckpointError

MAX_BYTES = 300_000_000


@record
class Encoded:
    """A text's tokens: their ids, and the characters that each stands for, from start to end.

    What the tokenizer adds by itself stands for no characters: its start and end are equal.
    """

    ids: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]


class Tokenizer:
    """Cuts texts into tokens, as the network's own tokenizer does.

    `unknown` is the token that stands for what it does not know; None where it knows every text.
    """

    def __init__(self, opened: Any, unknown: int | None = None) -> None:
        self._opened, self.unknown = opened, unknown

    def encode(self, texts: Sequence[str], special: bool = True) -> list[Encoded]:
        """Each text's tokens; `special` says whether it gets those that begin or end every input."""
        encoded = self._opened.encode_batch(list(texts), add_special_tokens=special)
        return [Encoded(tuple(e.ids), tuple(e.offsets)) for e in encoded]

    def decode(self, token: int) -> str:
        """The text of a token."""
        return str(self._opened.decode([token], skip_special_tokens=False))

    def decode_all(self, tokens: Sequence[int]) -> str:
        """The text of some tokens, one after the other."""
        return str(self._opened.decode(list(tokens), skip_special_tokens=False))

    def show(self, token: int) -> str:
        """A token as the vocabulary writes it."""
        return str(self._opened.id_to_token(token))


def read_tokenizer(folder: Path) -> Tokenizer:
    """Open the tokenizer in a folder.

    Raises:
        BadCheckpointError: there is none, or it is broken.
    """
    path = folder / "tokenizer.json"
    remedy = "save it with the fast tokenizer's `save_pretrained`"
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadCheckpointError("CS533", "its `tokenizer.json` is too large to be one", remedy)
        data = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BadCheckpointError("CS533", "it holds no `tokenizer.json`", remedy) from None
    except OSError as problem:
        raise BadCheckpointError("CS533", f"its `tokenizer.json` cannot be read ({problem.strerror})", remedy) from None
    except ValueError:
        raise BadCheckpointError("CS533", "its `tokenizer.json` is no text", remedy) from None
    import tokenizers

    try:
        opened = tokenizers.Tokenizer.from_str(data)
    except Exception:  # the library raises no narrower class
        raise BadCheckpointError("CS533", "its `tokenizer.json` is broken", remedy) from None
    opened.no_truncation()
    opened.no_padding()
    return Tokenizer(opened, _unknown(opened, data))


def _unknown(opened: Any, data: str) -> int | None:
    """The unknown token: by its text, and of a unigram model by its number, which only the file says."""
    text = getattr(opened.model, "unk_token", None)
    if text is not None:
        found: int | None = opened.token_to_id(text)
        return found
    stated = json.loads(data)["model"].get("unk_id") if type(opened.model).__name__ == "Unigram" else None
    return stated if isinstance(stated, int) else None
