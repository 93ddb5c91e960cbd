"""A spec's text -> one source of it and of all that it imports, each file once; or what is wrong with an import."""

from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from ..diagnostics import Diagnostic, Label, Source, SourcePart, Span
from ..files import FileRefusedError, Files, FileText
from ..parsing.scanner import ScannedToken, slice_declarations
from .qualified_names import import_aliases

MAX_BYTES = 1_000_000
"""Size of an imported file."""
MAX_FILES = 200
"""Files that a spec imports, directly or through others."""


def read_imports(source: Source, files: Files) -> tuple[Source, tuple[Diagnostic, ...]]:
    """The whole source, and a diagnostic for each import that cannot be followed."""
    if source.parts or "import" not in source.text:
        return source, ()
    reader = _Reader(files, source.path, [source.text], [SourcePart(source.path, 0, len(source.text))])
    reader.follow(reader.parts[0], ())
    return Source(source.path, "".join(reader.texts), tuple(reader.parts)), tuple(reader.found)


@dataclass
class _Reader:
    files: Files
    path: Path
    texts: list[str]
    parts: list[SourcePart]
    found: list[Diagnostic] = field(default_factory=list)
    by_identity: dict[str, SourcePart] = field(default_factory=dict)
    opened: dict[tuple[str, str], FileText] = field(default_factory=dict)

    def follow(self, part: SourcePart, way: tuple[SourcePart, ...]) -> None:
        """Read what a file imports, and what that imports; `way` are the files that led here, itself not among them."""
        _, slices = slice_declarations(Source(part.path, "".join(self.texts), (part,)))
        imports: dict[str, str] = {}
        for alias, token in import_aliases(slices):
            imported = self._read(token, alias, part, (*way, part))
            if imported is None:
                continue
            if imports.get(alias, imported.identity) != imported.identity:
                help = f'give one of them another name: `import "..." as {alias}_2`'
                self._report("CS172", f"two imports are called `{alias}`", token.span, help)
            imports.setdefault(alias, imported.identity)
        index = next(i for i, known in enumerate(self.parts) if known.identity == part.identity)
        self.parts[index] = replace(part, imports=tuple(imports.items()))

    def _read(
        self, token: ScannedToken, alias: str, part: SourcePart, way: tuple[SourcePart, ...]
    ) -> SourcePart | None:
        path = token.text[1:-1]
        try:
            file = self._open(path, part.identity)
        except FileRefusedError as refused:
            self._report(refused.code, refused.message, token.span, refused.help)
            return None
        folder = str(PurePosixPath(part.folder, path).parent)
        if self._closes_cycle(file.identity, way, token):
            return None
        if file.identity in self.by_identity:
            return self.by_identity[file.identity]
        if len(self.parts) > MAX_FILES:
            self._report("CS171", f"more than {MAX_FILES} files are imported", token.span, "put them into fewer files")
            return None
        try:
            text = file.content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = file.content.count(b"\n", 0, error.start) + 1
            message = f"`{path}`: the byte 0x{file.content[error.start]:02X} is no UTF-8"
            self._report("CS149", message, token.span, "save the file as UTF-8", (f"in line {line} of `{path}`",))
            return None
        start = sum(map(len, self.texts)) + 1
        self.texts.append("\n" + text)
        whole = SourcePart(
            Path(part.path.parent, path), start, start + len(text), folder, file.identity, self._unique(alias)
        )
        self.parts.append(whole)
        self.by_identity[file.identity] = whole
        self.follow(whole, way)
        return whole

    def _open(self, path: str, beside: str) -> FileText:
        """A file by its path, each looked for once from each folder. Raises FileRefusedError."""
        key = str(PurePosixPath(beside).parent) if beside else "", path
        if key not in self.opened:
            self.opened[key] = self.files.read(path, beside, MAX_BYTES)
        return self.opened[key]

    def _unique(self, alias: str) -> str:
        """The name of an import, or the name with a number where another file has it."""
        taken = {part.alias for part in self.parts}
        return next(name for i in range(1, MAX_FILES + 3) if (name := alias if i == 1 else f"{alias}_{i}") not in taken)

    def _closes_cycle(self, identity: str, way: tuple[SourcePart, ...], token: ScannedToken) -> bool:
        """Whether a file on the way here is imported again; the spec itself is known by its name and folder alone."""
        own = Path(identity).name == self.path.name and Path(identity).parent == Path(self.path.parent).resolve()
        at = next((i for i, p in enumerate(way) if p.identity == identity or (own and not p.identity)), None)
        if at is None:
            return False
        names = [f"`{p.path.name}`" for p in (*way[at:], way[at])]
        again = "the file imports itself" if len(names) == 2 else "the imports form a cycle"
        notes = () if len(names) == 2 else (" imports ".join(names),)
        self._report("CS171", again, token.span, "move what both need into a file of its own", notes)
        return True

    def _report(self, code: str, message: str, span: Span, help: str, notes: tuple[str, ...] = ()) -> None:
        self.found.append(Diagnostic(code, message, Label(span), notes=notes, help=help))
