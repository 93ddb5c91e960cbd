"""What a file says of the files that it imports: their paths, and the names before a dot."""

from ..diagnostics import Diagnostic, SourcePart, Span
from ..record import record
from .analysis import Analysis


@record
class Imported:
    """A file that is meant in a place, and the word there."""

    part: SourcePart
    span: Span


def find_import(analysis: Analysis, offset: int) -> Imported | None:
    """The file that is meant at an offset: by its path, by the name that it gets, or before the dot of a name."""
    known = dict(analysis.imports)
    for index, token in enumerate(analysis.tokens):
        if not token.span.start <= offset <= token.span.end:
            continue
        alias = next((name for name, path in analysis.imports if path == token), None)
        if alias is None and token.kind == "word" and token.text in known:
            before = analysis.tokens[index - 1].text if index else ""
            after = analysis.tokens[index + 1].text if index + 1 < len(analysis.tokens) else ""
            alias = token.text if before == "as" or after == "." else None
        part = analysis.imported_as(alias) if alias is not None else None
        if part is not None:
            return Imported(part, token.span)
    return None


def leading_import(analysis: Analysis, diagnostic: Diagnostic) -> Span:
    """Where a file imports, itself or through others, the one that a diagnostic is about."""
    wanted = analysis.source.part_at(diagnostic.label.span.start).identity
    for alias, token in analysis.imports:
        first = analysis.imported_as(alias)
        if first is not None and wanted in _reached(analysis, first):
            return token.span
    return Span(0, 0)


def _reached(analysis: Analysis, first: SourcePart) -> set[str]:
    reached, pending = {first.identity}, [first]
    while pending:
        for _, identity in pending.pop().imports:
            part = analysis.part(identity)
            if part is not None and identity not in reached:
                reached.add(identity)
                pending.append(part)
    return reached
