"""A text as an editor has it, right or half-typed, and what it imports -> all that is known of it."""

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from ..diagnostics import Diagnostic, Source, SourcePart, Span
from ..files import Files, NoFiles
from ..imports.qualified_names import import_aliases
from ..imports.read_imports import read_imports
from ..imports.settle_names import settle_names
from ..parsing.scanner import ScannedToken, scan, slice_tokens
from ..parsing.text_to_syntax import parse_text
from ..program import Program
from ..record import record
from ..resolution.declared import Declared, Resolution
from ..resolution.resolve_names import resolve_names
from ..syntax.tree import SyntaxTree


@record
class Checked:
    """What a check of a text says: the typed program where there is one, and every diagnostic."""

    program: Program | None
    diagnostics: tuple[Diagnostic, ...]


Check = Callable[[Source], Checked]
"""A check of a source whose imports have been read."""


@record
class Place:
    """Where something stands: a file, by its resolved path, and a span of that file's own text."""

    file: str
    span: Span


@record
class Analysis:
    """A text with its tokens, and tree and names of it and of all that it imports.

    `source` is all these files as one, the text itself first, so that an offset in the text is one in the source.
    `checked` is the newest check, perhaps of a text before this one.
    """

    source: Source
    tokens: tuple[ScannedToken, ...]
    tree: SyntaxTree
    import_errors: tuple[Diagnostic, ...]
    syntax_errors: tuple[Diagnostic, ...]
    resolution: Resolution
    checked: Checked | None = None

    @cached_property
    def text(self) -> str:
        """The file's own."""
        return self.source.text[: self.source.part_at(0).end]

    @property
    def alone(self) -> Source:
        """The file without what it imports."""
        return Source(self.source.path, self.text)

    @property
    def file(self) -> str:
        """The resolved path of the file."""
        return file_of(self.source.path)

    @cached_property
    def imports(self) -> tuple[tuple[str, ScannedToken], ...]:
        """The names by which the file speaks of its imports, each with the token of the path."""
        return tuple(import_aliases(slice_tokens(self.tokens, self.text)))

    def part(self, file: str) -> SourcePart | None:
        """The part of the source that is a file."""
        return next((part for part in self.source.parts if self._file_of(part) == file), None)

    def imported_as(self, alias: str) -> SourcePart | None:
        """The file that is meant by a name of an import."""
        identity = dict(self.source.part_at(0).imports).get(alias)
        return self.part(identity) if identity is not None else None

    def place(self, span: Span) -> Place:
        """The file that a span of the source lies in, and where there."""
        part = self.source.part_at(span.start)
        return Place(self._file_of(part), Span(span.start - part.start, span.end - part.start))

    def word(self, declared: Declared) -> str:
        """A name as its declaration has it, without the file that tells it apart."""
        return self.source.text[declared.span.start : declared.span.end]

    def places_of(self, declared: Declared) -> tuple[Span, ...]:
        """Every place of the file's own text where something is named."""
        return tuple(o.span for o in self.resolution.of(declared) if o.span.end <= len(self.text))

    def find(self, place: Place) -> Declared | None:
        """What is declared in a place of any of the files."""
        return next((declared for declared in self.resolution.declared if self.place(declared.span) == place), None)

    def with_check(self, checked: Checked) -> "Analysis":
        """The same with a newer check; its program stays where the new one has none."""
        if checked.program is None and self.checked is not None:
            checked = Checked(self.checked.program, checked.diagnostics)
        return replace(self, checked=checked)

    def _file_of(self, part: SourcePart) -> str:
        return part.identity or self.file


def file_of(path: Path) -> str:
    """What a file is called, however its path is written."""
    return str(path.resolve())


def analyse(source: Source, files: Files | None = None) -> Analysis:
    """Everything but the check, which takes longer; `files` reads what the text imports."""
    own = tuple(scan(source.text))
    source, import_errors = read_imports(source, files or NoFiles())
    tree, syntax_errors = parse_text(source)
    tree, _ = settle_names(tree, source)
    return Analysis(source, own, tree, import_errors, syntax_errors, resolve_names(tree, source))
