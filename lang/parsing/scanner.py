"""Text -> lexical tokens and slices, one slice per top-level declaration, so that errors do not spread.

The scanner is deliberately blunt: it knows comments, strings, brackets and words, and which words open a declaration.
It reports what is wrong at that level (characters, numbers, strings, brackets) and leaves the rest to the grammar.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from ..diagnostics import Diagnostic, Label, Source, SourcePart, Span
from ..record import record
from ..suggest import did_you_mean

MAX_NESTING = 200
"""How deeply brackets, and expressions, may be nested."""

KEYWORDS = (
    *("import", "type", "table", "fn", "task", "model", "network"),
    *("align", "pairs", "claim", "circuit", "graph", "settings"),
)
NOT_IN_LOOPS = ("type", "fn", "settings", "import")
"""What belongs to the whole file: a loop cannot give several of them."""
CONTINUATIONS = ("and", "or", "not", "in", "at", "over", "exhaustively", "expect", "for", "then", "else")
"""Words that carry on the declaration of the line before, even without indentation."""

DOC_FORM = 'a doc string stands between three quotation marks, `"""`, on each side'

OPENING = {"(": ")", "[": "]", "{": "}"}
CLOSING = {close: opening for opening, close in OPENING.items()}

TOKEN = re.compile(
    r"""
    (?P<blank>[ \t\r\n\f\v]+|\ufeff|\#[^\n]*)
  | (?P<doc>\"\"\".*?\"\"\")
  | (?P<open_doc>\"\"\".*)
  | (?P<string>"(?:\\[^\n]|[^"\\\n])*")
  | (?P<open_string>"[^\n]*)
  | (?P<word>[^\W\d]\w*)
  | (?P<number>[0-9]\w*(?:\.[0-9]\w*)?|\.[0-9]\w*)
  | (?P<symbol>\+-|->|==|!=|<=|>=|:=|\.\.|//|[-+*/%<>=:.,@|(){}\[\]])
  | (?P<unknown>.)
    """,
    re.VERBOSE | re.DOTALL,
)
NUMBER = re.compile(r"(?:[0-9](?:_?[0-9])*)?(?:\.[0-9](?:_?[0-9])*)?")

TokenKind = Literal["doc", "open_doc", "string", "open_string", "word", "number", "symbol", "unknown"]


@record
class ScannedToken:
    """One lexical token; `leads` says whether it is the first on its line."""

    kind: TokenKind
    text: str
    start: int
    leads: bool

    @property
    def span(self) -> Span:
        return Span(self.start, self.start + len(self.text))


@record
class Slice:
    """The tokens of one declaration, its doc string, and its keyword (the first word, whatever it is)."""

    doc: str
    tokens: tuple[ScannedToken, ...]

    @property
    def keyword(self) -> str:
        return self.tokens[0].text

    @property
    def span(self) -> Span:
        return Span(self.tokens[0].start, self.tokens[-1].span.end)


def scan(text: str, start: int = 0, end: int | None = None) -> Iterator[ScannedToken]:
    """Every token of the text, or of a part of it, without blanks and comments."""
    leads = True
    for match in TOKEN.finditer(text, start, len(text) if end is None else end):
        kind = match.lastgroup
        if kind == "blank":
            leads = leads or "\n" in match.group()
            continue
        yield ScannedToken(kind, match.group(), match.start(), leads)  # type: ignore[arg-type]
        leads = False


def slice_declarations(source: Source) -> tuple[str, tuple[Slice, ...]]:
    """The file's doc string and its declarations. A doc string that comes first in the file is the file's own.

    Of several files, the declarations of all, and the doc string of the spec itself.
    """
    docs: list[str] = []
    slices: list[Slice] = []
    for part in source.parts or (source.part_at(0),):
        tokens = list(scan(source.text, part.start, part.end))
        docs.append(_doc_text(tokens.pop(0)) if tokens and tokens[0].kind == "doc" else "")
        slices += slice_tokens(tokens, source.text)
    return docs[0], tuple(slices)


def file_doc(text: str, part: SourcePart) -> str:
    """The doc string of one file of a source, "" without one."""
    first = next(scan(text, part.start, part.end), None)
    return _doc_text(first) if first is not None and first.kind == "doc" else ""


def slice_tokens(tokens: Sequence[ScannedToken], text: str) -> tuple[Slice, ...]:
    """The declarations among some tokens of a text: of a whole file, or of a loop's body."""
    if not tokens:
        return ()
    starts = _declaration_starts(text, tokens)
    slices = []
    pending_doc = ""
    for start, end in zip(starts, [*starts[1:], len(tokens)], strict=True):
        body = list(tokens[start:end])
        doc, pending_doc = pending_doc, ""
        if end < len(tokens) and body[-1].kind == "doc" and body[-1].leads:
            pending_doc = _doc_text(body.pop())
        if body:
            slices.append(Slice(doc, tuple(body)))
    return tuple(slices)


def closing_of(tokens: Sequence[ScannedToken], opening: int) -> int:
    """Where the bracket at `opening` closes, among tokens whose brackets match."""
    depth = 0
    for index in range(opening, len(tokens)):
        if tokens[index].kind == "symbol":
            depth += (tokens[index].text in OPENING) - (tokens[index].text in CLOSING)
            if depth == 0:
                return index
    return len(tokens) - 1


def check_tokens(tokens: tuple[ScannedToken, ...], text: str) -> Diagnostic | None:
    """The first character, number, string or bracket of a slice that is wrong in itself."""
    for token in tokens:
        if (fault := _token_fault(token)) is not None:
            return fault
    return _check_brackets(tokens, text)


def _doc_text(token: ScannedToken) -> str:
    lines = [line.strip() for line in token.text[3:-3].strip().splitlines()]
    return "\n".join(lines)


def _declaration_starts(text: str, tokens: Sequence[ScannedToken]) -> list[int]:
    """Where declarations start: always at the first token, so that nothing is left out."""
    balanced = _is_balanced(tokens)
    starts = [0]
    depth = 0
    for index, token in enumerate(tokens):
        if token.text in OPENING and token.kind == "symbol":
            depth += 1
        elif token.text in CLOSING and token.kind == "symbol":
            depth = max(0, depth - 1)
        elif index > 0 and token.kind == "word" and token.leads:
            following = tokens[index + 1] if index + 1 < len(tokens) else None
            at_margin = token.start == 0 or text[token.start - 1] == "\n"
            if depth == 0:
                starts_here = _opens(tokens, index) or (at_margin and _looks_like_one(tokens, index, following))
            else:
                named = following is not None and (following.kind == "word" or token.text == "settings")
                starts_here = not balanced and at_margin and named and _opens(tokens, index)
            if starts_here:
                starts.append(index)
                depth = 0
    return starts


def _opens(tokens: Sequence[ScannedToken], index: int) -> bool:
    word = tokens[index].text
    if word == "for":  # `for` also carries on `model M` and `pairs P`; a loop reads `for NAME in`
        return len(tokens) > index + 2 and tokens[index + 2].text == "in"
    return word in KEYWORDS


def _looks_like_one(tokens: Sequence[ScannedToken], index: int, following: ScannedToken | None) -> bool:
    """Whether a word at the margin is meant as a declaration's keyword (`modle m for t`)."""
    before = tokens[index - 1]
    if before.kind == "symbol" and before.text not in CLOSING:
        return False
    if tokens[index].text in CONTINUATIONS or before.text in CONTINUATIONS:
        return False
    if following is not None and following.text == "=":  # `mlp = torch(...)`, without the word that it starts with
        return before.text in CLOSING or before.kind in ("number", "string")
    return following is not None and (following.kind in ("word", "string") or following.text == "{")


def _is_balanced(tokens: Sequence[ScannedToken]) -> bool:
    stack: list[str] = []
    for token in tokens:
        if token.kind != "symbol":
            continue
        if token.text in OPENING:
            stack.append(token.text)
        elif token.text in CLOSING and (not stack or stack.pop() != CLOSING[token.text]):
            return False
    return not stack


# --- faults of single tokens -----------------------------------------------------------------------------------------

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


# --- brackets --------------------------------------------------------------------------------------------------------


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


# --- declarations that are not built ---------------------------------------------------------------------------------


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
