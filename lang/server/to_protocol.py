"""Spans, symbols and diagnostics -> what the protocol says of them."""

from pathlib import Path

from lsprotocol import types as lsp

from ..diagnostics import Diagnostic, Label, Span
from .analysis import Analysis
from .convert import Lines
from .imported import leading_import
from .symbols import Symbol

SYMBOL_KINDS = {
    "type": lsp.SymbolKind.Enum,
    "table": lsp.SymbolKind.Array,
    "fn": lsp.SymbolKind.Function,
    "task": lsp.SymbolKind.Interface,
    "model": lsp.SymbolKind.Class,
    "network": lsp.SymbolKind.File,
    "align": lsp.SymbolKind.Struct,
    "pairs": lsp.SymbolKind.Package,
    "claim": lsp.SymbolKind.Event,
    "input": lsp.SymbolKind.Field,
    "output": lsp.SymbolKind.Field,
}
COMPLETION_KINDS = {
    "keyword": lsp.CompletionItemKind.Keyword,
    "variable": lsp.CompletionItemKind.Variable,
    "input": lsp.CompletionItemKind.Field,
    "output": lsp.CompletionItemKind.Field,
    "symbol": lsp.CompletionItemKind.EnumMember,
    "fn": lsp.CompletionItemKind.Function,
}
SEVERITIES = {"error": lsp.DiagnosticSeverity.Error, "warning": lsp.DiagnosticSeverity.Warning}


def to_range(lines: Lines, span: Span) -> lsp.Range:
    """A span of a text, by its lines and columns."""
    start, end = lines.range(span)
    return lsp.Range(lsp.Position(*start), lsp.Position(*end))


def to_symbol(lines: Lines, symbol: Symbol) -> lsp.DocumentSymbol:
    """What a text declares, with what stands within it."""
    return lsp.DocumentSymbol(
        symbol.declared.name,
        SYMBOL_KINDS.get(symbol.declared.kind, lsp.SymbolKind.Variable),
        to_range(lines, symbol.whole),
        to_range(lines, symbol.declared.span),
        detail=symbol.declared.kind,
        children=[to_symbol(lines, part) for part in symbol.parts],
    )


def to_location(uri: str, analysis: Analysis, span: Span) -> lsp.Location:
    """A place of the source: in the text itself, which the editor calls `uri`, or in a file that it imports."""
    place = analysis.place(span)
    if place.file == analysis.file:
        return lsp.Location(uri, to_range(Lines(analysis.text), span))
    part = analysis.source.part_at(span.start)
    lines = Lines(analysis.source.text[part.start : part.end])
    return lsp.Location(Path(place.file).as_uri(), to_range(lines, place.span))


def to_diagnostic(uri: str, analysis: Analysis, diagnostic: Diagnostic) -> lsp.Diagnostic:
    """A diagnostic in the text; one of an imported file stands at the import, and leads there."""
    span, message, labels = diagnostic.label.span, diagnostic.message, diagnostic.related
    if analysis.place(span).file != analysis.file:
        labels = (Label(span, diagnostic.label.text or "there"), *labels)
        message = f"in `{analysis.source.part_at(span.start).path.name}`: {message}"
        span = leading_import(analysis, diagnostic)
    helps = [*diagnostic.notes, *([f"help: {diagnostic.help}"] if diagnostic.help else [])]
    related = [
        lsp.DiagnosticRelatedInformation(to_location(uri, analysis, label.span), label.text or "here")
        for label in labels
    ]
    return lsp.Diagnostic(
        to_range(Lines(analysis.text), span),
        "\n".join([message, *helps]),
        SEVERITIES[diagnostic.severity],
        diagnostic.code,
        source="cspec",
        related_information=related,
    )
