"""What is wrong with tokens in themselves, before any grammar: characters, numbers, strings, brackets, first words."""

import re

from ..diagnostics import Diagnostic, Label, Span
from ..suggest import did_you_mean
from .scanner import CLOSING, KEYWORDS, MAX_NESTING, OPENING, ScannedToken

DOC_FORM = 'a doc string stands between three quotation marks, `"""`, on each side'
NUMBER = re.compile(r"(?:[0-9](?:_?[0-9])*)?(?:\.[0-9](?:_?[0-9])*)?")

CHARACTER_HELP = {
    "'": 'text is written in double quotes: `"..."`',
    ";": "a line break ends a statement; leave the `;` out",
    "&": "write `and`",
    "!": "write `not`, or `!=` for inequality",
    "^": "there is no power; multiply",
    "±": "write a tolerance as `+- 0.05`",
    "≥": "write `>=`",
    "≤": "write `<=`",
    "≠": "write `!=`",
    "×": "write `*`",
    "–": "write `-`",
    "−": "write `-`",
    "→": "write `->`",
    "…": "write a range as `0..9`",
    "“": 'text is written in straight double quotes: `"..."`',
    "”": 'text is written in straight double quotes: `"..."`',
}


def check_tokens(tokens: tuple[ScannedToken, ...], text: str) -> Diagnostic | None:
    """The first character, number, string or bracket of a slice that is wrong in itself."""
    for token in tokens:
        if (fault := _token_fault(token)) is not None:
            return fault
    return _check_brackets(tokens, text)


def unknown_keyword(token: ScannedToken) -> Diagnostic:
    """A declaration starts with something that is no keyword."""
    suggestion = did_you_mean(token.text, KEYWORDS) if token.kind == "word" else ""
    if token.kind == "string":
        suggestion = DOC_FORM
    return Diagnostic(
        "CS002",
        f"expected a declaration, found {show_token(token)}",
        Label(token.span),
        help=suggestion or "a declaration starts with " + ", ".join(f"`{word}`" for word in KEYWORDS),
    )


def show_token(token: ScannedToken) -> str:
    """A token in the user's words."""
    match token.kind:
        case "doc" | "open_doc":
            return "a doc string"
        case "string" | "open_string":
            return f"the text `{token.text}`" if len(token.text) <= 40 else "a text"
        case "number":
            return f"the number `{token.text}`"
        case _:
            return f"`{token.text}`"


def _token_fault(token: ScannedToken) -> Diagnostic | None:
    match token.kind:
        case "unknown":
            shown = f"`{token.text}`" if token.text.isprintable() else f"U+{ord(token.text):04X}"
            return Diagnostic(
                "CS013",
                f"{shown} is no character of the language",
                Label(token.span, "not understood"),
                help=CHARACTER_HELP.get(token.text, "remove it"),
            )
        case "word" if not token.text.isidentifier():
            return Diagnostic(
                "CS013",
                f"`{token.text}` is no name",
                Label(token.span),
                help="a name is made of letters, digits and `_`, and starts with a letter or `_`",
            )
        case "open_string":
            return Diagnostic(
                "CS014",
                "the text is not closed on its line",
                Label(Span(token.start, token.start + len(token.text.rstrip())), "starts here"),
                help='close it with `"`',
            )
        case "open_doc":
            return Diagnostic(
                "CS014",
                "the doc string is never closed",
                Label(Span(token.start, token.start + 3), "starts here"),
                help='close it with `"""`',
            )
        case "number" if not NUMBER.fullmatch(token.text):
            return Diagnostic(
                "CS008",
                f"`{token.text}` is no number",
                Label(token.span),
                help="numbers are written `20_000` or `0.99`; a name cannot start with a digit",
            )
        case "number" if len(token.text) > 40:
            return Diagnostic(
                "CS008", "the number has too many digits", Label(token.span), help="use at most 40 digits"
            )
        case _:
            return None


def _check_brackets(tokens: tuple[ScannedToken, ...], text: str) -> Diagnostic | None:
    """The bracket to blame where brackets do not match; indentation decides which `{` lacks its `}`."""
    stack: list[ScannedToken] = []
    suspect: ScannedToken | None = None
    for token in tokens:
        if token.kind != "symbol":
            continue
        if token.text in OPENING:
            stack.append(token)
            if len(stack) > MAX_NESTING:
                return Diagnostic(
                    "CS007",
                    f"nested too deeply: more than {MAX_NESTING} levels",
                    Label(token.span),
                    help="name a part of it as a variable of its own",
                )
        elif token.text in CLOSING:
            if not stack:
                return Diagnostic(
                    "CS006",
                    f"`{token.text}` closes nothing",
                    Label(token.span),
                    help=f"remove it, or add the `{CLOSING[token.text]}` that it should close",
                )
            opening = stack.pop()
            if OPENING[opening.text] != token.text:
                return _unclosed(opening, Label(token.span, f"found `{token.text}` instead"))
            if suspect is None and token.leads and _indentation(text, opening) != _indentation(text, token):
                suspect = opening
    return _unclosed(suspect or stack[-1]) if stack else None


def _unclosed(opening: ScannedToken, *related: Label) -> Diagnostic:
    return Diagnostic(
        "CS015",
        f"`{opening.text}` is never closed",
        Label(opening.span, "opened here"),
        related=related,
        help=f"add the missing `{OPENING[opening.text]}`",
    )


def _indentation(text: str, token: ScannedToken) -> int:
    line = text[text.rfind("\n", 0, token.start) + 1 : token.start + 1]
    return len(line) - len(line.lstrip())
