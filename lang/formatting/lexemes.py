"""Text -> its tokens with the comments and blank lines around them, from which the text can be written anew."""

import re

from ..parsing.scanner import TOKEN, ScannedToken
from ..record import record

BLANK_LINE = re.compile(r"\n[ \t\r\f\v\ufeff]*\n")


@record
class Comment:
    """A comment on a line of its own; `blank` says whether a blank line stands before it."""

    text: str
    blank: bool


@record
class Lexeme:
    """A token; the comments and the blank line before it; the comment behind it on its line, `gap` columns away."""

    token: ScannedToken
    comments: tuple[Comment, ...] = ()
    blank: bool = False
    trailing: str = ""
    gap: int = 0

    @property
    def text(self) -> str:
        return self.token.text

    @property
    def is_symbol(self) -> bool:
        return self.token.kind == "symbol"


@record
class Lexemes:
    """A whole text; `last` are the comments after the last token."""

    items: tuple[Lexeme, ...]
    last: tuple[Comment, ...]

    @property
    def comments(self) -> list[str]:
        """The text of every comment, in order."""
        found = []
        for item in self.items:
            found += [comment.text for comment in item.comments]
            found += [item.trailing] if item.trailing else []
        return found + [comment.text for comment in self.last]


def read_lexemes(text: str) -> Lexemes:
    """Every token and every comment of a text."""
    items: list[Lexeme] = []
    comments: list[Comment] = []
    between = ""
    for match in TOKEN.finditer(text):
        kind, found = match.lastgroup, match.group()
        if kind != "blank":
            token = ScannedToken(kind, found, match.start(), not items or "\n" in between)  # type: ignore[arg-type]
            items.append(Lexeme(token, tuple(comments), _has_blank_line(between)))
            comments, between = [], ""
        elif not found.startswith("#"):
            between += found
        elif items and not comments and not items[-1].trailing and "\n" not in between:
            items[-1] = _with_trailing(items[-1], found.rstrip(), len(between))
            between = ""
        else:
            comments.append(Comment(found.rstrip(), _has_blank_line(between)))
            between = ""
    return Lexemes(tuple(items), tuple(comments))


def _with_trailing(item: Lexeme, comment: str, gap: int) -> Lexeme:
    return Lexeme(item.token, item.comments, item.blank, comment, gap)


def _has_blank_line(between: str) -> bool:
    return BLANK_LINE.search(between) is not None
