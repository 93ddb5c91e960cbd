"""The header of a safetensors file: every way in which a file can fail to be one is told apart.

Format: 8 bytes with the header's length, the header as JSON, the data (https://github.com/huggingface/safetensors).
"""

import json
import struct
from pathlib import Path
from typing import Any

from ...lang.record import record

MAX_HEADER = 100_000_000
_POINTER = b"version https://git-lfs.github.com/spec/"


class BadCheckpointError(Exception):
    """A checkpoint that cannot be used: `code` of the diagnostic, the reason, and what to do."""

    def __init__(self, code: str, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.code, self.reason, self.remedy = code, reason, remedy


@record
class Header:
    """`tensors` by name (dtype and shape, not yet checked), the `metadata`, and the size of the data in bytes."""

    tensors: dict[str, Any]
    metadata: dict[str, Any]
    data_bytes: int


def read_header(path: Path) -> Header:
    """Read the header alone.

    Raises:
        BadCheckpointError: the file is missing, truncated, pickled, or broken.
    """
    try:
        refuse_pointer(path)
        size = path.stat().st_size
        with path.open("rb") as file:
            start, first = file.read(8), file.read(1)
            pickled = start[:2] in (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"PK")
            if pickled and first != b"{":  # the length of a header, of 640 bytes for instance, may begin like a pickle
                raise BadCheckpointError(
                    "CS503", "it is a pickled checkpoint", "save it as safetensors; pickles run code"
                )
            length = struct.unpack("<Q", start)[0] if len(start) == 8 else MAX_HEADER + 1
            if not 0 < length <= min(MAX_HEADER, size - 8):
                raise BadCheckpointError("CS504", "it is truncated, or no safetensors file", "copy or write it again")
            header = json.loads(first + file.read(length - 1))
    except FileNotFoundError:
        raise BadCheckpointError("CS502", "there is no such file", "paths are relative to the spec's folder") from None
    except IsADirectoryError:
        raise BadCheckpointError("CS502", "it is a folder", "name the .safetensors file") from None
    except OSError as problem:
        raise BadCheckpointError("CS502", f"it cannot be read ({problem.strerror})", "check its permissions") from None
    except ValueError:
        raise BadCheckpointError("CS504", "its header is no JSON: it is broken", "copy or write it again") from None
    if not isinstance(header, dict):
        raise BadCheckpointError("CS504", "its header is no table: it is broken", "copy or write it again")
    metadata = header.pop("__metadata__", {})
    return Header(header, metadata if isinstance(metadata, dict) else {}, size - 8 - length)


def refuse_pointer(path: Path) -> None:
    """A checkout that did not fetch large files has a few lines of text in their places.

    Raises:
        BadCheckpointError: the file is a pointer of Git LFS.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        if file.read(len(_POINTER)) == _POINTER:
            raise BadCheckpointError(
                "CS502", f"`{path.name}` is a pointer of Git LFS, not the file itself", "fetch it with `git lfs pull`"
            )
