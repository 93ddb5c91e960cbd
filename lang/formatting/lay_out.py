"""The outline of a text -> its lines: statements, blocks around them, comments and blank lines."""

from collections.abc import Iterator
from dataclasses import replace

from .break_lines import break_lines, comment_lines, has_comments, write_line
from .find_stops import find_stops
from .lines import INDENT, Line
from .outline import Outline

SHORT = 88
"""A block with one statement is one line of at most so many columns."""


def lay_out(outline: Outline) -> list[Line]:
    """Every line of the text, columns not yet aligned."""
    lines = _Layout(outline).lay_out_lines(0, len(outline.items), 0, -1)
    for comment in outline.lexemes.last:
        lines.append(Line(0, comment.text, blank=comment.blank))
    return lines


class _Layout:
    def __init__(self, outline: Outline) -> None:
        self.outline = outline

    def lay_out_lines(self, low: int, high: int, indent: int, block: int) -> list[Line]:
        """The statements of a block, or of the file (`block` -1)."""
        lines: list[Line] = []
        long_before = False
        for start, end in self._statements(low, high):
            written = self._with_comments(start, end, indent, block)
            is_long = sum(bool(line.text) and not line.text.startswith("#") for line in written) > 1
            is_doc = self.outline.items[start].token.kind == "doc"
            if block < 0 and lines:
                after_doc = self._is_doc_of_declaration(start - 1) if start else False
                blank = not after_doc and (written[0].blank or is_long or is_doc or long_before)
                written[0] = replace(written[0], blank=blank)
            long_before = is_long or (is_doc and start == 0)
            lines += written
        if lines:
            lines[0] = replace(lines[0], blank=False)
        return lines

    def _is_doc_of_declaration(self, at: int) -> bool:
        """Whether a token is a doc string other than the file's."""
        return at > 0 and self.outline.items[at].token.kind == "doc"

    def _statements(self, low: int, high: int) -> Iterator[tuple[int, int]]:
        inside = [at for at in self.outline.parts(low, high) if at in self.outline.starts]
        yield from zip(inside, [*inside[1:], high], strict=False)

    def _with_comments(self, low: int, high: int, indent: int, block: int) -> list[Line]:
        """A statement, and the comments before it, with the blank lines that were there."""
        item = self.outline.items[low]
        statement = self._lay_out_statement(low, high, indent, block)[len(item.comments) :]
        statement[0] = replace(statement[0], blank=item.blank)
        return [Line(indent, comment.text, blank=comment.blank) for comment in item.comments] + statement

    def _lay_out_statement(self, low: int, high: int, indent: int, block: int) -> list[Line]:
        if self.outline.items[low].token.kind == "doc":
            return self._lay_out_doc(low, indent)
        outer = next((at for at in self.outline.parts(low, high) if at in self.outline.blocks), None)
        if outer is None:
            lines = break_lines(self.outline, low, high, indent)
            if len(lines) == 1 + len(self.outline.items[low].comments):
                stops = find_stops(self.outline, low, high)
                lines[-1] = replace(lines[-1], stops=stops, group=block)
            return lines
        return self._lay_out_block(low, outer, high, indent, block)

    def _lay_out_block(self, low: int, outer: int, high: int, indent: int, block: int) -> list[Line]:
        outline = self.outline
        close = outline.match[outer]
        inside = list(self._statements(outer + 1, close))
        nested = any(outline.text(at) == "for" or outline.items[at].token.kind == "doc" for at, _ in inside)
        if len(inside) <= 1 and not nested and not has_comments(outline, low, high):
            line = write_line(outline, low, high, indent)
            if line.width <= SHORT:
                stops = find_stops(outline, low, high)
                return [*comment_lines(outline, low, indent), replace(line, stops=stops, group=block)]
        lines = break_lines(outline, low, outer + 1, indent)
        lines += self.lay_out_lines(outer + 1, close, indent + INDENT, outer)
        comments = [Line(indent + INDENT, c.text, blank=c.blank) for c in outline.items[close].comments]
        if comments and close == outer + 1:
            comments[0] = replace(comments[0], blank=False)
        rest = break_lines(outline, close, high, indent)[len(comments) :]
        return lines + comments + rest

    def _lay_out_doc(self, at: int, indent: int) -> list[Line]:
        """A doc string, its lines without indentation of their own, as they mean nothing else."""
        item = self.outline.items[at]
        rows = [row.strip() for row in item.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
        lines = comment_lines(self.outline, at, indent)
        lines += [Line(indent, row) for row in rows]
        lines[-1] = replace(lines[-1], comment=item.trailing, gap=item.gap)
        return lines
