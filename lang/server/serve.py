"""The language server itself: requests of the protocol in, answers of this folder's functions out."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlparse

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer

from ..diagnostics import Diagnostic, Label, Span, SpecError
from ..files import Files
from ..formatting.format_text import format_text
from .analysis import Analysis, Check, Checked, file_of
from .complete import complete
from .convert import Lines
from .fixes import find_fix
from .hover import hover
from .imported import find_import, leading_import
from .rename import RenameError, find_renamed, rename
from .symbols import Symbol, symbols
from .texts import Texts, TooManySpecsError
from .uses import find_uses

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
    """The newest analysis of each open text, and the checks that wait; `reader` reads files beside a spec."""

    check: Check
    reader: Callable[[Path], Files]
    analyses: dict[str, Analysis] = field(default_factory=dict)
    waiting: dict[str, "asyncio.Task[None]"] = field(default_factory=dict)

    def analysis(self, server: LanguageServer, uri: str) -> Analysis:
        """The analysis of the text as it is now, and of what it imports as that is now."""
        text = server.workspace.get_text_document(uri).source
        known = self.analyses.get(uri)
        if known is None or known.text != text or known.imports:
            fresh = self.texts(server).analyse(_path(uri), text)
            if known is None or known.source != fresh.source:
                self.analyses[uri] = fresh.with_check(known.checked) if known and known.checked else fresh
        return self.analyses[uri]

    def texts(self, server: LanguageServer) -> Texts:
        """All files as the editor has them; without a workspace, those below the folders of the open ones."""
        opened = {_path(uri): document.source for uri, document in server.workspace.text_documents.items()}
        folders = [_path(uri) for uri in server.workspace.folders]
        if not folders and server.workspace.root_path:
            folders = [Path(server.workspace.root_path)]
        folders = folders or [path.parent for path in opened]
        return Texts(
            self.reader,
            {file_of(path): text for path, text in opened.items()},
            tuple(folder.resolve() for folder in folders),
        )

    def uri(self, server: LanguageServer, file: str) -> str:
        """What the editor calls a file."""
        opened = server.workspace.text_documents
        return next((uri for uri in opened if file_of(_path(uri)) == file), Path(file).as_uri())

    def importers(self, uri: str) -> list[str]:
        """The open texts that import a file, directly or through others."""
        file = file_of(_path(uri))
        return [other for other, known in self.analyses.items() if other != uri and known.part(file) is not None]


def build_server(check: Check, reader: Callable[[Path], Files], version: str) -> LanguageServer:
    """A server that checks texts with `check`, and reads what they import with the `reader` of their folder."""
    server = LanguageServer("cspec", version)
    logging.getLogger("pygls.protocol.json_rpc").addFilter(_is_fault)
    documents = Documents(check, reader)

    async def check_later(uri: str, delay: float) -> None:
        await asyncio.sleep(delay)
        analysis = documents.analysis(server, uri)
        checked = await asyncio.to_thread(documents.check, analysis.source)
        checked = Checked(checked.program, (*analysis.import_errors, *checked.diagnostics))
        if uri in documents.analyses and documents.analysis(server, uri).source == analysis.source:
            documents.analyses[uri] = documents.analyses[uri].with_check(checked)
            publish(uri, checked.diagnostics, analysis)

    def schedule(uri: str, delay: float) -> None:
        if uri in documents.waiting:
            documents.waiting[uri].cancel()
        documents.waiting[uri] = asyncio.ensure_future(check_later(uri, delay))

    def schedule_importers(uri: str) -> None:
        for importer in documents.importers(uri):
            schedule(importer, DELAY)

    def publish(uri: str, diagnostics: tuple[Diagnostic, ...], analysis: Analysis) -> None:
        shown = [_diagnostic(uri, analysis, diagnostic) for diagnostic in diagnostics]
        version = server.workspace.get_text_document(uri).version
        server.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, shown, version))

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    async def did_open(params: lsp.DidOpenTextDocumentParams) -> None:
        schedule(params.text_document.uri, 0)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    async def did_change(params: lsp.DidChangeTextDocumentParams) -> None:
        schedule(params.text_document.uri, DELAY)
        schedule_importers(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    async def did_save(params: lsp.DidSaveTextDocumentParams) -> None:
        schedule(params.text_document.uri, 0)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    async def did_close(params: lsp.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        if uri in documents.waiting:
            documents.waiting.pop(uri).cancel()
        documents.analyses.pop(uri, None)
        schedule_importers(uri)
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
        uri = params.text_document.uri
        analysis, _, offset = _at(uri, params.position)
        found = analysis.resolution.at(offset)
        if found is not None:
            return _location(uri, analysis, found.declared.span)
        imported = find_import(analysis, offset)
        start = imported.part.start if imported is not None else 0
        return _location(uri, analysis, Span(start, start)) if imported is not None else None

    @server.feature(lsp.TEXT_DOCUMENT_REFERENCES)
    def on_references(params: lsp.ReferenceParams) -> list[lsp.Location]:
        uri = params.text_document.uri
        analysis, _, offset = _at(uri, params.position)
        found = analysis.resolution.at(offset)
        if found is None:
            return []
        try:
            uses = find_uses(analysis, found.declared, documents.texts(server))
        except TooManySpecsError:
            return [_location(uri, analysis, place) for place in analysis.places_of(found.declared)]
        return [
            _location(documents.uri(server, use.analysis.file), use.analysis, place)
            for use in uses
            for place in use.analysis.places_of(use.declared)
        ]

    @server.feature(lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def on_symbols(params: lsp.DocumentSymbolParams) -> list[lsp.DocumentSymbol]:
        analysis = documents.analysis(server, params.text_document.uri)
        lines = Lines(analysis.text)
        return [_symbol(lines, symbol) for symbol in symbols(analysis)]

    @server.feature(lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionOptions(trigger_characters=[".", "@", "("]))
    def on_completion(params: lsp.CompletionParams) -> list[lsp.CompletionItem]:
        analysis, _, offset = _at(params.text_document.uri, params.position)
        return [
            lsp.CompletionItem(
                p.word,
                kind=COMPLETION_KINDS.get(p.kind, lsp.CompletionItemKind.Class),
                detail=p.detail,
                sort_text=f"{order:05}",  # as proposed: editors sort by the alphabet
            )
            for order, p in enumerate(complete(analysis, offset))
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
        analysis, _, offset = _at(params.text_document.uri, params.position)
        texts = documents.texts(server)
        try:
            places = rename(analysis, offset, params.new_name, texts)
        except RenameError as problem:
            raise JsonRpcInvalidParams(str(problem)) from None
        specs = {file_of(path): text for path, text in texts.specs()}
        lines = {file: Lines(specs[file]) for file in places}
        return lsp.WorkspaceEdit(
            {
                documents.uri(server, file): [
                    lsp.TextEdit(_range(lines[file], span), params.new_name) for span in spans
                ]
                for file, spans in places.items()
            }
        )

    @server.feature(lsp.TEXT_DOCUMENT_FORMATTING)
    def on_formatting(params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit]:
        analysis = documents.analysis(server, params.text_document.uri)
        try:
            formatted = format_text(analysis.alone)
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
            if span.end > len(analysis.text):  # of an imported file
                continue
            fix = find_fix(analysis, diagnostic) if span.start <= last and first <= span.end else None
            if fix is not None:
                edit = lsp.WorkspaceEdit({uri: [lsp.TextEdit(_range(lines, fix.span), fix.text)]})
                about = [_diagnostic(uri, analysis, diagnostic)]
                actions.append(lsp.CodeAction(fix.title, lsp.CodeActionKind.QuickFix, about, edit=edit))
        return actions

    def _at(uri: str, position: lsp.Position) -> tuple[Analysis, Lines, int]:
        analysis = documents.analysis(server, uri)
        lines = Lines(analysis.text)
        return analysis, lines, lines.offset(position.line, position.character)

    return server


def _path(uri: str) -> Path:
    return Path(unquote(urlparse(uri).path))


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


def _location(uri: str, analysis: Analysis, span: Span) -> lsp.Location:
    """A place of the source: in the text itself, which the editor calls `uri`, or in a file that it imports."""
    place = analysis.place(span)
    if place.file == analysis.file:
        return lsp.Location(uri, _range(Lines(analysis.text), span))
    part = analysis.source.part_at(span.start)
    lines = Lines(analysis.source.text[part.start : part.end])
    return lsp.Location(Path(place.file).as_uri(), _range(lines, place.span))


def _diagnostic(uri: str, analysis: Analysis, diagnostic: Diagnostic) -> lsp.Diagnostic:
    """A diagnostic in the text; one of an imported file stands at the import, and leads there."""
    span, message, labels = diagnostic.label.span, diagnostic.message, diagnostic.related
    if analysis.place(span).file != analysis.file:
        labels = (Label(span, diagnostic.label.text or "there"), *labels)
        message = f"in `{analysis.source.part_at(span.start).path.name}`: {message}"
        span = leading_import(analysis, diagnostic)
    helps = [*diagnostic.notes, *([f"help: {diagnostic.help}"] if diagnostic.help else [])]
    related = [
        lsp.DiagnosticRelatedInformation(_location(uri, analysis, label.span), label.text or "here") for label in labels
    ]
    return lsp.Diagnostic(
        _range(Lines(analysis.text), span),
        "\n".join([message, *helps]),
        SEVERITIES[diagnostic.severity],
        diagnostic.code,
        source="cspec",
        related_information=related,
    )


def _is_fault(line: logging.LogRecord) -> bool:
    """Whether a line of the log tells of a fault of the server: a request that is refused has its answer."""
    return line.exc_info is None or not isinstance(line.exc_info[1], JsonRpcInvalidParams)
