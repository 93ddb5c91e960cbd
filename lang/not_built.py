"""What belongs to the language but not to this version: recognised, so that it is refused by name and not as a typo."""

from collections.abc import Sequence

from .diagnostics import Diagnostic, Label, Span
from .scanner import ScannedToken, Slice

DECLARATIONS = {
    "circuit": "align variables with `hidden[i]` or with some of its dims, `hidden[i][0..7]`",
    "graph": "state each dependency as a claim of its own",
}
ESTIMANDS = {
    "effect": "use `iia(...)` of an alignment",
    "change": "use `iia(...)` of an alignment",
    "mean": "use `accuracy(...)`",
    "all": "write one claim for each value",
    "rest": "use `iia(...)` of an alignment",
    "random": "use `accuracy(random(N))` or `iia(A on random(N))` of a network",
}
CLAUSES = {
    "from": "declare an alignment of its own and use `iia(...)` of it",
    "given": "use `iia(A.x -> y)`, which holds the other children of `x`",
    "through": "use `iia(A.x -> y)`, which holds the other children of `x`",
    "ungated": "state the network's accuracy in a claim of its own",
    "for": "write one claim for each value",
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


def _text(tokens: Sequence[ScannedToken], at: int) -> str:
    return tokens[at].text if 0 <= at < len(tokens) else ""


def _before(tokens: Sequence[ScannedToken], at: int) -> str:
    return _text(tokens, at - 1)


def _anywhere(tokens: Sequence[ScannedToken], at: int) -> Diagnostic | None:
    return None


def _in_claim(tokens: Sequence[ScannedToken], at: int) -> Diagnostic | None:
    token, text = tokens[at], tokens[at].text
    if text in ESTIMANDS and _text(tokens, at + 1) == "(":
        return not_built(f"`{text}(...)`", token.span, ESTIMANDS[text])
    if text in CLAUSES:
        return not_built(f"`{text}`", token.span, CLAUSES[text])
    return None


def _in_network(tokens: Sequence[ScannedToken], at: int) -> Diagnostic | None:
    token = tokens[at]
    return not_built("`ungated`", token.span, CLAUSES["ungated"]) if token.text == "ungated" else None


def _in_settings(tokens: Sequence[ScannedToken], at: int) -> Diagnostic | None:
    for token in reversed(tokens[: at + 1]):
        if token.text in SETTINGS:
            return not_built(f"`{token.text}`", token.span, SETTINGS[token.text])
    return None


_BY_KEYWORD = {
    "network": _in_network,
    "claim": _in_claim,
    "settings": _in_settings,
}
