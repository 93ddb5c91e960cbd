"""The texts that an editor has open, as they are now, and all that is known of each."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlparse

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer

from ..files import Files
from .analysis import Analysis, file_of
from .convert import Lines
from .texts import Texts


@dataclass
class Documents:
    """The newest analysis of each text that is open in `server`; `reader` reads files beside a spec."""

    server: LanguageServer
    reader: Callable[[Path], Files]
    analyses: dict[str, Analysis] = field(default_factory=dict)

    def analysis(self, uri: str) -> Analysis:
        """The analysis of the text as it is now, and of what it imports as that is now."""
        text = self.server.workspace.get_text_document(uri).source
        known = self.analyses.get(uri)
        if known is None or known.text != text or known.imports:
            fresh = self.texts().analyse(_path(uri), text)
            if known is None or known.source != fresh.source:
                self.analyses[uri] = fresh.with_check(known.checked) if known and known.checked else fresh
        return self.analyses[uri]

    def texts(self) -> Texts:
        """All files as the editor has them; without a workspace, those below the folders of the open ones."""
        opened = {_path(uri): document.source for uri, document in self.server.workspace.text_documents.items()}
        folders = [_path(uri) for uri in self.server.workspace.folders]
        if not folders and self.server.workspace.root_path:
            folders = [Path(self.server.workspace.root_path)]
        folders = folders or [path.parent for path in opened]
        return Texts(
            self.reader,
            {file_of(path): text for path, text in opened.items()},
            tuple(folder.resolve() for folder in folders),
        )

    def uri(self, file: str) -> str:
        """What the editor calls a file."""
        opened = self.server.workspace.text_documents
        return next((uri for uri in opened if file_of(_path(uri)) == file), Path(file).as_uri())

    def importers(self, uri: str) -> list[str]:
        """The open texts that import a file, directly or through others."""
        file = file_of(_path(uri))
        return [other for other, known in self.analyses.items() if other != uri and known.part(file) is not None]

    def at(self, uri: str, position: lsp.Position) -> tuple[Analysis, Lines, int]:
        """What is known of a text, its lines, and the offset of a position in it."""
        analysis = self.analysis(uri)
        lines = Lines(analysis.text)
        return analysis, lines, lines.offset(position.line, position.character)


def _path(uri: str) -> Path:
    return Path(unquote(urlparse(uri).path))
