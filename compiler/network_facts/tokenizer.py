"""A network's tokenizer: `tokenizer.json` through the `tokenizers` library, which is loaded only where one is read."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...lang.record import record
from .read_header import BadCheckpointError, refuse_pointer

MAX_BYTES = 300_000_000
_WORDS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
_OTHERS = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
BLANK_PATTERNS = frozenset((" ?[^ ]+", rf"{_WORDS}\p{{N}}{_OTHERS}", rf"{_WORDS}\p{{N}}{{1,3}}{_OTHERS}"))
"""Patterns of words, Qwen's and Llama 3's among them, none of which holds a lone blank but as its first character."""


@record
class Encoded:
    """A text's tokens: their ids, and the characters that each stands for, from start to end.

    What the tokenizer adds by itself stands for no characters: its start and end are equal.
    """

    ids: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]


class UnknownTextError(Exception):
    """A tokenizer cannot cut a text: it does not know all of it, and has no token for what it does not know."""

    def __init__(self, unknown: str) -> None:
        super().__init__(f"the tokenizer does not know `{unknown}`, and has no token for what it does not know")
        self.unknown = unknown


class Tokenizer:
    """Cuts texts into tokens, as the network's own tokenizer does.

    `unknown` is the token that stands for what it does not know; None where it knows every text. `cuts_before_blanks`:
    it surely cuts every text before each lone blank between two other characters, and adds no tokens of its own, so
    that the parts' tokens are the text's.
    """

    def __init__(self, opened: Any, unknown: int | None = None, cuts_before_blanks: bool = False) -> None:
        self._opened, self.unknown, self.cuts_before_blanks = opened, unknown, cuts_before_blanks

    def encode(self, texts: Sequence[str], special: bool = True) -> list[Encoded]:
        """Each text's tokens; `special` says whether it gets those that begin or end every input.

        Raises:
            UnknownTextError: a text holds what the tokenizer does not know, and it has no token for that.
        """
        try:
            encoded = self._opened.encode_batch(list(texts), add_special_tokens=special)
        except Exception:  # the library raises no narrower class, and says not of which text
            raise UnknownTextError(self._find_unknown(texts)) from None
        return [Encoded(tuple(e.ids), tuple(e.offsets)) for e in encoded]

    def _find_unknown(self, texts: Sequence[str]) -> str:
        """The first word of some texts that cannot be cut by itself; of none a text that cannot."""
        for text in texts:
            for part in (*text.split(), text):
                try:
                    self._opened.encode(part)
                except Exception:
                    return part
        return texts[0]

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
        refuse_pointer(path)
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
    if getattr(opened.model, "dropout", None):  # a law of training: with it, a text is other tokens each time
        opened.model.dropout = None
    return Tokenizer(opened, _unknown(opened, data), _cuts_before_blanks(opened))


def _unknown(opened: Any, data: str) -> int | None:
    """The unknown token: by its text, and of a unigram model by its number, which only the file says."""
    text = getattr(opened.model, "unk_token", None)
    if text is not None:
        found: int | None = opened.token_to_id(text)
        return found
    stated = json.loads(data)["model"].get("unk_id") if type(opened.model).__name__ == "Unigram" else None
    return stated if isinstance(stated, int) else None


def _cuts_before_blanks(opened: Any) -> bool:
    """Whether a tokenizer surely does, by parts of it that are known: what is not known may look across blanks."""
    if opened.normalizer is not None or _state(opened.post_processor).get("type", "ByteLevel") != "ByteLevel":
        return False
    if type(opened.model).__name__ not in ("BPE", "WordLevel", "WordPiece"):
        return False
    for token in opened.get_added_tokens_decoder().values():
        if token.lstrip or token.rstrip or token.single_word or any(each.isspace() for each in token.content):
            return False
    before = _state(opened.pre_tokenizer)
    first, *others = before["pretokenizers"] if before.get("type") == "Sequence" else [before]
    return _splits_before_blanks(first) and all(other["type"] == "ByteLevel" for other in others)


def _state(part: Any) -> Any:
    """What `tokenizer.json` says of a part of a tokenizer."""
    return {} if part is None else json.loads(part.__getstate__())


def _splits_before_blanks(part: Any) -> bool:
    match part.get("type"):
        case "Whitespace" | "WhitespaceSplit" | "BertPreTokenizer":
            return True
        case "ByteLevel":
            return bool(part["use_regex"])
        case "Split":
            alone = part["behavior"] == "Isolated" and not part["invert"]
            return alone and part["pattern"].get("Regex") in BLANK_PATTERNS
    return False
