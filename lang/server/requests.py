"""Requests of the protocol -> answers of this folder's functions, each a function of the open texts."""

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcInvalidParams

from ..diagnostics import Span, SpecError
from ..formatting.format_text import format_text
from .analysis import file_of
from .complete import complete
from .convert import Lines
from .documents import Documents
from .fixes import find_fix
from .hover import hover
from .imported import find_import
from .rename import RenameError, find_renamed, rename
from .symbols import symbols
from .texts import TooManySpecsError
from .to_protocol import COMPLETION_KINDS, to_diagnostic, to_location, to_range, to_symbol
from .uses import find_uses


def on_hover(documents: Documents, params: lsp.HoverParams) -> lsp.Hover | None:
    """What stands at a position, told in Markdown."""
    analysis, lines, offset = documents.at(params.text_document.uri, params.position)
    found = hover(analysis, offset)
    if found is None:
        return None
    return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, found.text), to_range(lines, found.span))


def on_definition(documents: Documents, params: lsp.DefinitionParams) -> lsp.Location | None:
    """Where the name at a position is declared; of an import's path, the file."""
    uri = params.text_document.uri
    analysis, _, offset = documents.at(uri, params.position)
    found = analysis.resolution.at(offset)
    if found is not None:
        return to_location(uri, analysis, found.declared.span)
    imported = find_import(analysis, offset)
    start = imported.part.start if imported is not None else 0
    return to_location(uri, analysis, Span(start, start)) if imported is not None else None


def on_references(documents: Documents, params: lsp.ReferenceParams) -> list[lsp.Location]:
    """Where the name at a position is used, in other files, too."""
    uri = params.text_document.uri
    analysis, _, offset = documents.at(uri, params.position)
    found = analysis.resolution.at(offset)
    if found is None:
        return []
    try:
        uses = find_uses(analysis, found.declared, documents.texts())
    except TooManySpecsError:
        return [to_location(uri, analysis, place) for place in analysis.places_of(found.declared)]
    return [
        to_location(documents.uri(use.analysis.file), use.analysis, place)
        for use in uses
        for place in use.analysis.places_of(use.declared)
    ]


def on_symbols(documents: Documents, params: lsp.DocumentSymbolParams) -> list[lsp.DocumentSymbol]:
    """What a text declares."""
    analysis = documents.analysis(params.text_document.uri)
    lines = Lines(analysis.text)
    return [to_symbol(lines, symbol) for symbol in symbols(analysis)]


def on_completion(documents: Documents, params: lsp.CompletionParams) -> list[lsp.CompletionItem]:
    """What could stand at a position."""
    analysis, _, offset = documents.at(params.text_document.uri, params.position)
    return [
        lsp.CompletionItem(
            p.word,
            kind=COMPLETION_KINDS.get(p.kind, lsp.CompletionItemKind.Class),
            detail=p.detail,
            sort_text=f"{order:05}",  # as proposed: editors sort by the alphabet
        )
        for order, p in enumerate(complete(analysis, offset))
    ]


def on_prepare_rename(documents: Documents, params: lsp.PrepareRenameParams) -> lsp.Range:
    """The name at a position that would be renamed."""
    analysis, lines, offset = documents.at(params.text_document.uri, params.position)
    try:
        _, span = find_renamed(analysis, offset)
    except RenameError as problem:
        raise JsonRpcInvalidParams(str(problem)) from None
    return to_range(lines, span)


def on_rename(documents: Documents, params: lsp.RenameParams) -> lsp.WorkspaceEdit:
    """A name renamed wherever it is used."""
    analysis, _, offset = documents.at(params.text_document.uri, params.position)
    texts = documents.texts()
    try:
        places = rename(analysis, offset, params.new_name, texts)
    except RenameError as problem:
        raise JsonRpcInvalidParams(str(problem)) from None
    specs = {file_of(path): text for path, text in texts.specs()}
    lines = {file: Lines(specs[file]) for file in places}
    return lsp.WorkspaceEdit(
        {
            documents.uri(file): [lsp.TextEdit(to_range(lines[file], span), params.new_name) for span in spans]
            for file, spans in places.items()
        }
    )


def on_formatting(documents: Documents, params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit]:
    """The text in the one layout; nothing where it cannot be read."""
    analysis = documents.analysis(params.text_document.uri)
    try:
        formatted = format_text(analysis.alone)
    except SpecError:  # its diagnostics are shown already
        return []
    whole = to_range(Lines(analysis.text), Span(0, len(analysis.text)))
    return [lsp.TextEdit(whole, formatted.text)] if formatted.changed else []


def on_code_action(documents: Documents, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
    """What mends the diagnostics in a range."""
    uri = params.text_document.uri
    analysis = documents.analysis(uri)
    lines = Lines(analysis.text)
    first, last = (lines.offset(p.line, p.character) for p in (params.range.start, params.range.end))
    actions = []
    for diagnostic in analysis.checked.diagnostics if analysis.checked is not None else ():
        span = diagnostic.label.span
        if span.end > len(analysis.text):  # of an imported file
            continue
        fix = find_fix(analysis, diagnostic) if span.start <= last and first <= span.end else None
        if fix is not None:
            edit = lsp.WorkspaceEdit({uri: [lsp.TextEdit(to_range(lines, fix.span), fix.text)]})
            about = [to_diagnostic(uri, analysis, diagnostic)]
            actions.append(lsp.CodeAction(fix.title, lsp.CodeActionKind.QuickFix, about, edit=edit))
    return actions
