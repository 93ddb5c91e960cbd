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
    for rule in (_anywhere, _BY_KEYWORD.get(keyword)):
        if rule is not None and (found := rule(tokens, at)) is not None:
            return found
    return None


def _anywhere(tokens: Sequence[ScannedToken], at: int) -> Diagnostic | None:
    for index in (at - 1, at - 2):  # an equation may end in a variable `the`, and the next one begin: `in` then tells
        if index >= 0 and tokens[index].text == "the" and [token.text for token in tokens[index + 2 : index + 3]] == ["in"]:
            help = "use `min(if ... then ... else ... for i in ...)`"
            return not_built("`the ... in ... where ...`", tokens[index].span, help)
    return None


def _in_settings(tokens: Sequence[ScannedToken], at: int) -> Diagnostic | None:
    for token in reversed(tokens[: at + 1]):
        if token.text in SETTINGS:
            return not_built(f"`{token.text}`", token.span, SETTINGS[token.text])
    return None


_BY_KEYWORD = {
    "settings": _in_settings,
}
