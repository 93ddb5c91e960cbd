"""How `lang` gets at other files: through a reader that is handed in, so that it opens none itself."""

from typing import Protocol

from .record import record


class FileRefusedError(Exception):
    """A file that cannot be read: the diagnostic's code, message and help."""

    def __init__(self, code: str, message: str, help: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.help = help


@record
class FileText:
    """The bytes of a file, and one name for it however a path is written (of imports, each is read once)."""

    identity: str
    content: bytes


class Files(Protocol):
    """Reads files by the paths that specs write."""

    def read(self, path: str, beside: str, most: int) -> FileText:
        """A file's bytes.

        Args:
            path: as it is written, relative to the folder of the file that names it.
            beside: the identity of that file; "" for the spec itself.
            most: how many bytes it may have.

        Raises:
            FileRefusedError: it is missing, too large, cannot be opened, or lies where specs may not read.
        """
        ...


class NoFiles:
    """Where there is nothing to read from: a text alone is checked."""

    def read(self, path: str, beside: str, most: int) -> FileText:
        """Refuses every file."""
        raise FileRefusedError("CS146", f"`{path}` cannot be read", "check the spec as a file, beside its data")
