"""A spec's text -> the same spec in the one layout: tokens, comments, and what the text means stay as they are."""

from ..collecting import uncollected
from ..diagnostics import Source, SpecError
from ..parsing.parse_tree import Tree
from ..parsing.scanner import Slice, slice_declarations
from ..parsing.text_to_syntax import parse_with_trees
from ..record import record
from .align_columns import align_columns
from .lay_out import lay_out
from .lexemes import Lexemes, read_lexemes
from .lines import Line
from .outline import outline_text


class FormatterError(Exception):
    """A bug of ours: the formatted text would not say what the text says. Nothing is written."""

    code = "CS901"


@record
class Formatted:
    """A formatted text, and whether it differs from what was given."""

    text: str
    changed: bool


@uncollected()
def format_text(source: Source) -> Formatted:
    """Format a spec.

    Raises:
        SpecError: it has errors of syntax, all of which are carried.
        FormatterError: the result would mean something else.
    """
    _, problems, parsed = parse_with_trees(source)
    if problems:
        raise SpecError(source, problems)
    lexemes = read_lexemes(source.text)
    text = write_lines(align_columns(lay_out(outline_text(lexemes, parsed))))
    _check_result(source, lexemes, parsed, text)
    return Formatted(text, text != source.text)


def write_lines(lines: list[Line]) -> str:
    """Lines as text, with at most one blank line between them."""
    rows: list[str] = []
    for line in lines:
        if line.blank and rows:
            rows.append("")
        rows.append((" " * line.indent + line.text).rstrip())
    return "\n".join(rows) + "\n"


def _check_result(source: Source, before: Lexemes, parsed: tuple[tuple[Slice, Tree], ...], text: str) -> None:
    """Refuse a result with other tokens, comments, doc strings or trees."""
    after = read_lexemes(text)
    if [_spelling(item.text) for item in before.items] != [_spelling(item.text) for item in after.items]:
        raise FormatterError("the formatted text has other tokens")
    if before.comments != after.comments:
        raise FormatterError("the formatted text has other comments")
    again = Source(source.path, text)
    if slice_declarations(source)[0] != slice_declarations(again)[0]:
        raise FormatterError("the formatted text has another doc string")
    _, problems, reparsed = parse_with_trees(again)
    if problems or [(part.doc, tree) for part, tree in parsed] != [(part.doc, tree) for part, tree in reparsed]:
        raise FormatterError("the formatted text means something else")


def _spelling(text: str) -> str:
    """A token without the indentation that doc strings have."""
    return "".join(text.split()) if text.startswith('"""') else text
