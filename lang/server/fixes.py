"""Diagnostics whose remedy is one safe edit -> that edit."""

import re

from ..diagnostics import Diagnostic, Span
from ..record import record
from .analysis import Analysis

MEANT = re.compile(r"did you mean `([^`]+)`\?")
WRITE = re.compile(r"(?:equality is written|write) `([^` ]+)`")
REPLACED = ("CS001", "CS013", "CS113", "CS415")
"""Codes whose help gives the text that belongs in the place of what is underlined."""
REMOVED = {"CS204": "remove the variable", "CS311": "remove the alignment"}
"""Codes of what nothing uses: the title of the edit that removes it."""


@record
class Fix:
    """A title for the menu, and the text that replaces a part of the source."""

    title: str
    span: Span
    text: str


def find_fix(analysis: Analysis, diagnostic: Diagnostic) -> Fix | None:
    """The edit that mends a diagnostic, if there is one that is safe."""
    span = diagnostic.label.span
    found = analysis.text[span.start : span.end]
    meant = MEANT.match(diagnostic.help)
    if meant is not None and re.fullmatch(r"\S+", found):
        return Fix(f"replace by `{meant[1]}`", span, meant[1])
    write = WRITE.search(diagnostic.help)
    if diagnostic.code in REPLACED and write is not None and found:
        return Fix(f"replace by `{write[1]}`", span, write[1])
    if diagnostic.code in REMOVED:
        declared = analysis.resolution.at(span.start)
        if declared is not None and declared.declared.span == span:
            return Fix(REMOVED[diagnostic.code], _whole_lines(analysis.text, declared.declared.whole), "")
    return None


def _whole_lines(text: str, span: Span) -> Span:
    """The span with its lines, if nothing else stands on them."""
    start = text.rfind("\n", 0, span.start) + 1
    end = text.find("\n", span.end)
    end = len(text) if end < 0 else end + 1
    alone = not text[start : span.start].strip() and not text[span.end : end].strip()
    return Span(start, end) if alone else span
