"""What belongs to the language but not to this version: recognised, so that it is refused by name and not as a typo."""

from collections.abc import Sequence

from .diagnostics import Diagnostic, Label, Span
from .scanner import ScannedToken, Slice

DECLARATIONS = {
    "table": "write the values as an expression, with `if` and `in`",
    "fn": "write the expression out where it is used",
    "import": "write the declarations in this file",
}
SETTINGS = {
    "budget": "set `size` in `pairs`, and `steps` and `seeds` in `fit`",
}


def not_built(construct: str, span: Span, help: str = "") -> Diagnostic:
    """`construct` is part of the language but not built yet."""
    return Diagnostic("CS010", f"{construct} is part of the language but not built yet", Label(span), help=help)


def refuse_declaration(declaration: Slice) -> Diagnostic:
    """A top-level declaration that is not built."""
    keyword = declaration.tokens[0]
    return not_built(f"`{keyword.text}`", keyword.span, DECLARATIONS[keyword.text])


def recognise(keyword: str, tokens: Sequence[ScannedToken], at: int) -> Diagnostic | None:
    """Whether the token that the grammar stumbled over belongs to something that is not built."""
    for rule in (_anywhere, _BY_KEYWORD.get(keyword)):
        if rule is not None and (found := rule(tokens, at)) is not None:
            return found
    return None


def _anywhere(tokens: Sequence[ScannedToken], at: int) -> Diagnostic | None:
    token = tokens[at]
    if token.text == "(" and at > 0 and tokens[at - 1].text == "csv":
        return not_built("`csv(...)`", tokens[at - 1].span, "list the values: `0..9` or `{a, b}`")
    return None


def _in_settings(tokens: Sequence[ScannedToken], at: int) -> Diagnostic | None:
    for token in reversed(tokens[: at + 1]):
        if token.text in SETTINGS:
            return not_built(f"`{token.text}`", token.span, SETTINGS[token.text])
    return None


_BY_KEYWORD = {
    "settings": _in_settings,
}
