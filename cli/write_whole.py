"""A file that a command writes beside its words: whole or not at all."""

import errno
import os
import tempfile
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Put a file in a path's place when all of it is on disk; where a link leads.

    Raises:
        OSError: it cannot be written. What was there is as it was.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():  # nor may the place of `/dev/null` be taken
        raise OSError(errno.EINVAL, "there is something else than a plain file")
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".partial-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)  # temporary files are private
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
