"""Text -> lexical tokens and slices, one slice per top-level declaration, so that errors do not spread.

The scanner is deliberately blunt: it knows comments, strings, brackets and words, and which words open a declaration.
What is wrong at that level (characters, numbers, strings, brackets) `token_faults` says; the rest is the grammar's.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from ..diagnostics import Source, SourcePart, Span
from ..record import record

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
