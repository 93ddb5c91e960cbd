"""A spec's text -> the same spec in the one layout: tokens, comments, and what the text means stay as they are."""

from dataclasses import dataclass

from ..diagnostics import Diagnostic, Label, Source, Span, SpecError
from ..scanner import slice_declarations
from ..text_to_syntax import parse_tree, read_slices
from .align_columns import align_columns
from .lay_out import lay_out
from .lexemes import Lexemes, read_lexemes
from .lines import Line
from .outline import outline_text


class FormatterError(Exception):
    """A bug of ours: the formatted text would not say what the text says. Nothing is written."""

    code = "CS901"


@dataclass(frozen=True)
class Formatted:
    """A formatted text, and whether it differs from what was given."""

    text: str
    changed: bool


def format_text(source: Source) -> Formatted:
    """Format a spec.

    Raises:
        SpecError: it has errors of syntax, all of which are carried.
        FormatterError: the result would mean something else.
    """
    _, slices = read_slices(source)
    problems = tuple(read.result for read in slices if isinstance(read.result, Diagnostic))
    lexemes = read_lexemes(source.text)
    if problems or not slices:
        raise SpecError(source, problems or (_nothing_declared(),))
    outline = outline_text(lexemes, (read.part.span.start for read in slices), (read.tree for read in slices))
    text = write_lines(align_columns(lay_out(outline)))
    _check_result(source, lexemes, [read.tree for read in slices], text)
    return Formatted(text, text != source.text)


def write_lines(lines: list[Line]) -> str:
    """Lines as text, with at most one blank line between them."""
    rows: list[str] = []
    for line in lines:
        if line.blank and rows:
            rows.append("")
        rows.append((" " * line.indent + line.text).rstrip())
    return "\n".join(rows) + "\n"


def _check_result(source: Source, before: Lexemes, trees: list[object], text: str) -> None:
    """Refuse a result with other tokens, comments, doc strings or trees."""
    after = read_lexemes(text)
    if [_spelling(item.text) for item in before.items] != [_spelling(item.text) for item in after.items]:
        raise FormatterError("the formatted text has other tokens")
    if before.comments != after.comments:
        raise FormatterError("the formatted text has other comments")
    first = slice_declarations(source)
    again = slice_declarations(Source(source.path, text))
    if first[0] != again[0] or [part.doc for part in first[1]] != [part.doc for part in again[1]]:
        raise FormatterError("the formatted text has other doc strings")
    if trees != [parse_tree(part, text) for part in again[1]]:
        raise FormatterError("the formatted text means something else")


def _spelling(text: str) -> str:
    """A token without the indentation that doc strings have."""
    return "".join(text.split()) if text.startswith('"""') else text


def _nothing_declared() -> Diagnostic:
    return Diagnostic(
        "CS012",
        "the file declares nothing",
        Label(Span(0, 0)),
        help="start with a `task`; `docs/language.md` has an example",
    )
