"""The files of a workspace as an editor has them: open ones with what was typed, all others from the disk."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field, replace
from pathlib import Path

from ..diagnostics import Source
from ..files import Files, FileText, NoFiles
from ..imports.read_imports import MAX_BYTES
from ..record import record
from .analysis import Analysis, analyse, file_of

MAX_SPECS = 2_000
"""Specs of a workspace folder that are searched for uses of a name."""


class TooManySpecsError(Exception):
    """The workspace folder has more specs than are searched."""


@record
class OpenFiles:
    """Files of a folder, but with an editor's text for those that are open in it, by their resolved paths."""

    files: Files
    texts: Mapping[str, str]

    def read(self, path: str, beside: str, most: int) -> FileText:
        """The bytes of a file, as `Files` says."""
        found = self.files.read(path, beside, most)
        text = self.texts.get(found.identity)
        return found if text is None else FileText(found.identity, text.encode("utf-8", "replace"))


@record
class Texts:
    """All that an editor has: a reader for the folder of each spec, the `open` texts by file, and its `folders`."""

    reader: Callable[[Path], Files] = lambda folder: NoFiles()
    open: Mapping[str, str] = field(default_factory=dict)
    folders: tuple[Path, ...] = ()

    def analyse(self, path: Path, text: str) -> Analysis:
        """What is known of a text, with what it imports as the editor has it."""
        return analyse(Source(path, text), OpenFiles(self.reader(path.parent), self.open))

    def changed(self, texts: Mapping[str, str]) -> "Texts":
        """The same after other texts were typed."""
        return replace(self, open={**self.open, **texts})

    def holds(self, file: str) -> bool:
        """Whether a file is open or lies in the workspace."""
        return file in self.open or any(Path(file).is_relative_to(folder) for folder in self.folders)

    def specs(self) -> Iterator[tuple[Path, str]]:
        """The path and text of every spec of the workspace and of the editor, each file once; not of hidden folders.

        Raises:
            TooManySpecsError: there are more than are searched.
        """
        paths = {file: Path(file) for file in self.open}
        for folder in self.folders:
            for path in _specs_below(folder):
                paths.setdefault(file_of(path), path)
                if len(paths) > MAX_SPECS:
                    raise TooManySpecsError(f"the workspace has more than {MAX_SPECS:,} specs: open a smaller folder")
        for file, path in sorted(paths.items()):
            text = self.open.get(file)
            text = _read(path) if text is None else text
            if text is not None:
                yield path, text


def _specs_below(folder: Path) -> Iterator[Path]:
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(where, name) for name in sorted(names) if name.endswith(".cspec"))


def _read(path: Path) -> str | None:
    """A spec's text, None where no spec can read it either."""
    try:
        if path.stat().st_size > MAX_BYTES:
            return None
        return path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None
