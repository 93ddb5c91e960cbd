"""The language server itself: requests of the protocol in, answers of this folder's functions out."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlparse

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer

from ..diagnostics import Diagnostic, Source, Span, SpecError
from ..formatting.format_text import format_text
from .analysis import Analysis, Check, analyse
from .complete import complete
from .convert import Lines
from .fixes import find_fix
from .hover import hover
from .rename import RenameError, find_renamed, rename
from .symbols import Symbol, symbols

DELAY = 0.15
"""Seconds without typing after which a text is checked."""

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


@dataclass
class Documents:
    """The newest analysis of each open text, and the checks that wait."""

    check: Check
    analyses: dict[str, Analysis] = field(default_factory=dict)
    waiting: dict[str, "asyncio.Task[None]"] = field(default_factory=dict)

    def analysis(self, server: LanguageServer, uri: str) -> Analysis:
        """The analysis of the text as it is now."""
        text = server.workspace.get_text_document(uri).source
        known = self.analyses.get(uri)
        if known is None or known.text != text:
            fresh = analyse(Source(Path(unquote(urlparse(uri).path)), text))
            self.analyses[uri] = fresh.with_check(known.checked) if known and known.checked else fresh
        return self.analyses[uri]


def build_server(check: Check, version: str) -> LanguageServer:
    """A server that checks texts with `check`."""
    server = LanguageServer("cspec", version)
    documents = Documents(check)

    async def check_later(uri: str, delay: float) -> None:
        await asyncio.sleep(delay)
        analysis = documents.analysis(server, uri)
        checked = await asyncio.to_thread(documents.check, analysis.source)
        if uri in documents.analyses and documents.analysis(server, uri).text == analysis.text:
            documents.analyses[uri] = documents.analyses[uri].with_check(checked)
            publish(uri, checked.diagnostics, analysis)

    def schedule(uri: str, delay: float) -> None:
        if uri in documents.waiting:
            documents.waiting[uri].cancel()
        documents.waiting[uri] = asyncio.ensure_future(check_later(uri, delay))

    def publish(uri: str, diagnostics: tuple[Diagnostic, ...], analysis: Analysis) -> None:
        lines = Lines(analysis.text)
        shown = [_diagnostic(uri, lines, diagnostic) for diagnostic in diagnostics]
        version = server.workspace.get_text_document(uri).version
        server.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, shown, version))

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    async def did_open(params: lsp.DidOpenTextDocumentParams) -> None:
        schedule(params.text_document.uri, 0)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    async def did_change(params: lsp.DidChangeTextDocumentParams) -> None:
        schedule(params.text_document.uri, DELAY)

    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    async def did_save(params: lsp.DidSaveTextDocumentParams) -> None:
        schedule(params.text_document.uri, 0)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    async def did_close(params: lsp.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        if uri in documents.waiting:
            documents.waiting.pop(uri).cancel()
        documents.analyses.pop(uri, None)
        server.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, []))

    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    def on_hover(params: lsp.HoverParams) -> lsp.Hover | None:
        analysis, lines, offset = _at(params.text_document.uri, params.position)
        found = hover(analysis, offset)
        if found is None:
            return None
        return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, found.text), _range(lines, found.span))

    @server.feature(lsp.TEXT_DOCUMENT_DEFINITION)
    def on_definition(params: lsp.DefinitionParams) -> lsp.Location | None:
        analysis, lines, offset = _at(params.text_document.uri, params.position)
        found = analysis.resolution.at(offset)
        if found is None:
            return None
        return lsp.Location(params.text_document.uri, _range(lines, found.declared.span))

    @server.feature(lsp.TEXT_DOCUMENT_REFERENCES)
    def on_references(params: lsp.ReferenceParams) -> list[lsp.Location]:
        analysis, lines, offset = _at(params.text_document.uri, params.position)
        found = analysis.resolution.at(offset)
        places = analysis.resolution.of(found.declared) if found is not None else ()
        return [lsp.Location(params.text_document.uri, _range(lines, place.span)) for place in places]

    @server.feature(lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def on_symbols(params: lsp.DocumentSymbolParams) -> list[lsp.DocumentSymbol]:
        analysis = documents.analysis(server, params.text_document.uri)
        lines = Lines(analysis.text)
        return [_symbol(lines, symbol) for symbol in symbols(analysis)]

    @server.feature(lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionOptions(trigger_characters=[".", "@", "("]))
    def on_completion(params: lsp.CompletionParams) -> list[lsp.CompletionItem]:
        analysis, _, offset = _at(params.text_document.uri, params.position)
        return [
            lsp.CompletionItem(p.word, kind=COMPLETION_KINDS.get(p.kind, lsp.CompletionItemKind.Class), detail=p.detail)
            for p in complete(analysis, offset)
        ]

    @server.feature(lsp.TEXT_DOCUMENT_PREPARE_RENAME)
    def on_prepare_rename(params: lsp.PrepareRenameParams) -> lsp.Range:
        analysis, lines, offset = _at(params.text_document.uri, params.position)
        try:
            _, span = find_renamed(analysis, offset)
        except RenameError as problem:
            raise JsonRpcInvalidParams(str(problem)) from None
        return _range(lines, span)

    @server.feature(lsp.TEXT_DOCUMENT_RENAME, lsp.RenameOptions(prepare_provider=True))
    def on_rename(params: lsp.RenameParams) -> lsp.WorkspaceEdit:
        analysis, lines, offset = _at(params.text_document.uri, params.position)
        try:
            places = rename(analysis, offset, params.new_name)
        except RenameError as problem:
            raise JsonRpcInvalidParams(str(problem)) from None
        edits = [lsp.TextEdit(_range(lines, place), params.new_name) for place in places]
        return lsp.WorkspaceEdit({params.text_document.uri: edits})

    @server.feature(lsp.TEXT_DOCUMENT_FORMATTING)
    def on_formatting(params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit]:
        analysis = documents.analysis(server, params.text_document.uri)
        try:
            formatted = format_text(analysis.source)
        except SpecError:  # its diagnostics are shown already
            return []
        whole = _range(Lines(analysis.text), Span(0, len(analysis.text)))
        return [lsp.TextEdit(whole, formatted.text)] if formatted.changed else []

    @server.feature(
        lsp.TEXT_DOCUMENT_CODE_ACTION, lsp.CodeActionOptions(code_action_kinds=[lsp.CodeActionKind.QuickFix])
    )
    def on_code_action(params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        uri = params.text_document.uri
        analysis = documents.analysis(server, uri)
        lines = Lines(analysis.text)
        first, last = (lines.offset(p.line, p.character) for p in (params.range.start, params.range.end))
        actions = []
        for diagnostic in analysis.checked.diagnostics if analysis.checked is not None else ():
            span = diagnostic.label.span
            fix = find_fix(analysis, diagnostic) if span.start <= last and first <= span.end else None
            if fix is not None:
                edit = lsp.WorkspaceEdit({uri: [lsp.TextEdit(_range(lines, fix.span), fix.text)]})
                about = [_diagnostic(uri, lines, diagnostic)]
                actions.append(lsp.CodeAction(fix.title, lsp.CodeActionKind.QuickFix, about, edit=edit))
        return actions

    def _at(uri: str, position: lsp.Position) -> tuple[Analysis, Lines, int]:
        analysis = documents.analysis(server, uri)
        lines = Lines(analysis.text)
        return analysis, lines, lines.offset(position.line, position.character)

    return server


def _range(lines: Lines, span: Span) -> lsp.Range:
    start, end = lines.range(span)
    return lsp.Range(lsp.Position(*start), lsp.Position(*end))


def _symbol(lines: Lines, symbol: Symbol) -> lsp.DocumentSymbol:
    return lsp.DocumentSymbol(
        symbol.declared.name,
        SYMBOL_KINDS.get(symbol.declared.kind, lsp.SymbolKind.Variable),
        _range(lines, symbol.whole),
        _range(lines, symbol.declared.span),
        detail=symbol.declared.kind,
        children=[_symbol(lines, part) for part in symbol.parts],
    )


def _diagnostic(uri: str, lines: Lines, diagnostic: Diagnostic) -> lsp.Diagnostic:
    helps = [*diagnostic.notes, *([f"help: {diagnostic.help}"] if diagnostic.help else [])]
    related = [
        lsp.DiagnosticRelatedInformation(lsp.Location(uri, _range(lines, label.span)), label.text or "here")
        for label in diagnostic.related
    ]
    return lsp.Diagnostic(
        _range(lines, diagnostic.label.span),
        "\n".join([diagnostic.message, *helps]),
        SEVERITIES[diagnostic.severity],
        diagnostic.code,
        source="cspec",
        related_information=related,
    )
