"""Files that a spec names, read from its folder: the reader that `lang` is given."""

from pathlib import Path

from ..lang.files import FileRefusedError, FileText
from ..lang.record import record


@record
class FolderFiles:
    """Files below the spec's folder, or anywhere with `allow_path`."""

    folder: Path
    allow_path: bool = False

    def read(self, path: str, beside: str, most: int) -> FileText:
        """The bytes of a file, as `Files` says."""
        if not path.strip() or "\0" in path:
            fault = "the path holds a null character" if "\0" in path else "the path is empty"
            raise FileRefusedError("CS146", fault, "name a file beside the spec")
        root = self.folder.resolve()
        resolved = ((Path(beside).parent if beside else root) / path).resolve()
        if not self.allow_path and not resolved.is_relative_to(root):
            raise FileRefusedError(
                "CS501",
                f"expected a path below the spec's folder, found `{path}`",
                "move the file below the spec, or allow other paths with `--allow-path`",
            )
        try:
            if not resolved.is_file():
                fault = "it is no file" if resolved.exists() else "there is no such file"
                raise FileRefusedError("CS146", f"`{path}` cannot be read: {fault}", "check the path and its spelling")
            with resolved.open("rb") as file:
                content = file.read(most + 1)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            message = f"`{path}` cannot be read: {reason}"
            raise FileRefusedError("CS146", message, "check the file and who may read it") from None
        if len(content) > most:
            raise FileRefusedError(
                "CS147", f"`{path}` has more than {most // 2**20} MiB", "a spec reads small files: use a smaller one"
            )
        return FileText(str(resolved), content)
