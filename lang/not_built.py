"""What belongs to the language but not to this version: recognised, so that it is refused by name and not as a typo."""

from collections.abc import Sequence

from .diagnostics import Diagnostic, Label, Span
from .scanner import ScannedToken

SETTINGS = {
    "budget": "set `size` in `pairs`, and `steps` and `seeds` in `fit`",
}


def not_built(construct: str, span: Span, help: str = "") -> Diagnostic:
    """`construct` is part of the language but not built yet."""
    return Diagnostic("CS010", f"{construct} is part of the language but not built yet", Label(span), help=help)


def recognise(keyword: str, tokens: Sequence[ScannedToken], at: int) -> Diagnostic | None:
    """Whether the token that the grammar stumbled over belongs to something that is not built."""
    rule = _BY_KEYWORD.get(keyword)
    return None if rule is None else rule(tokens, at)


def _in_settings(tokens: Sequence[ScannedToken], at: int) -> Diagnostic | None:
    for token in reversed(tokens[: at + 1]):
        if token.text in SETTINGS:
            return not_built(f"`{token.text}`", token.span, SETTINGS[token.text])
    return None


_BY_KEYWORD = {
    "settings": _in_settings,
}
