"""Checks that follow the typing: each text is checked once its author pauses, and what is found is shown."""

import asyncio
from dataclasses import dataclass, field

from lsprotocol import types as lsp

from ..diagnostics import Diagnostic
from .analysis import Analysis, Check, Checked
from .documents import Documents
from .to_protocol import to_diagnostic

DELAY = 0.15
"""Seconds without typing after which a text is checked."""


@dataclass
class Checking:
    """The checks of open texts, at most one waiting for each."""

    documents: Documents
    check: Check
    waiting: dict[str, "asyncio.Task[None]"] = field(default_factory=dict)

    async def did_open(self, params: lsp.DidOpenTextDocumentParams) -> None:
        """Check a text at once that was opened."""
        self._schedule(params.text_document.uri, 0)

    async def did_save(self, params: lsp.DidSaveTextDocumentParams) -> None:
        """Check a text at once that was saved."""
        self._schedule(params.text_document.uri, 0)

    async def did_change(self, params: lsp.DidChangeTextDocumentParams) -> None:
        """Check a text that changes, and those that import it, after a pause."""
        self._schedule(params.text_document.uri, DELAY)
        self._schedule_importers(params.text_document.uri)

    async def did_close(self, params: lsp.DidCloseTextDocumentParams) -> None:
        """Forget a text, and show nothing of it any more."""
        uri = params.text_document.uri
        if uri in self.waiting:
            self.waiting.pop(uri).cancel()
        self.documents.analyses.pop(uri, None)
        self._schedule_importers(uri)
        self.documents.server.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, []))

    def _schedule(self, uri: str, delay: float) -> None:
        if uri in self.waiting:
            self.waiting[uri].cancel()
        self.waiting[uri] = asyncio.ensure_future(self._check_later(uri, delay))

    def _schedule_importers(self, uri: str) -> None:
        for importer in self.documents.importers(uri):
            self._schedule(importer, DELAY)

    async def _check_later(self, uri: str, delay: float) -> None:
        await asyncio.sleep(delay)
        documents = self.documents
        analysis = documents.analysis(uri)
        checked = await asyncio.to_thread(self.check, analysis.source)
        checked = Checked(checked.program, (*analysis.import_errors, *checked.diagnostics))
        if uri in documents.analyses and documents.analysis(uri).source == analysis.source:
            documents.analyses[uri] = documents.analyses[uri].with_check(checked)
            self._publish(uri, checked.diagnostics, analysis)

    def _publish(self, uri: str, diagnostics: tuple[Diagnostic, ...], analysis: Analysis) -> None:
        server = self.documents.server
        shown = [to_diagnostic(uri, analysis, diagnostic) for diagnostic in diagnostics]
        version = server.workspace.get_text_document(uri).version
        server.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, shown, version))
