"""The store: results of steps by content key, written whole or not at all, verified when read.

Layout of a store folder: `artifacts/KK/KEY.safetensors` (tensors, with a JSON document and the content hash in the
metadata), `results/NAME-KEY.json`, `looks.jsonl` and `replies/KEY.jsonl` (append-only), `NAME.missing.csv`.
"""

import errno
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ..errors import EnvironmentProblem

if TYPE_CHECKING:  # results and ledgers are read without torch
    from torch import Tensor

RESULT_DIGITS = 16
"""How many hexadecimal digits of a plan's key name its result."""
PARTIAL, FRESH, SLOW = ".partial-", 60.0, 3600.0
"""How the names of files begin that are being written, seconds for which an empty one that nobody has locked may be
new, and seconds that a write may take where nobody can say whether a file is locked."""
PATIENCE = 10.0
"""Seconds that a ledger is waited for."""
ROOM = 2**20
"""Bytes that must be free before anything runs: what a disk with less than that takes is no result."""


class Store:
    """A folder of artifacts. Nothing is created before the first write."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.closed = ""
        """Why it cannot be written, as `open_for_writing` found; "" where it can, or where nobody has asked."""

    def load(self, key: str) -> tuple[dict[str, "Tensor"], dict[str, Any]] | None:
        """The tensors and the document of a key; None where there is none, or where it is damaged."""
        path = self.artifact(key)
        if not path.exists():
            return None
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(str(path), framework="pt") as file:
                metadata = file.metadata() or {}
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            document: dict[str, Any] = json.loads(metadata["document"])
        except (OSError, SafetensorError, KeyError, ValueError):
            return None
        intact = metadata.get("key") == key and metadata.get("hash") == _hash(tensors, metadata["document"])
        return (tensors, document) if intact else None

    def save(self, key: str, tensors: Mapping[str, "Tensor"], document: Mapping[str, Any]) -> None:
        """Write an artifact atomically.

        Raises:
            EnvironmentProblem: the folder cannot be written.
        """
        from safetensors.torch import save

        plain = {name: tensor.contiguous() for name, tensor in tensors.items()}
        text = json.dumps(document, sort_keys=True)
        metadata = {"key": key, "document": text, "hash": _hash(plain, text)}
        with self._replacing(self.artifact(key)) as file:
            file.write(save(plain, metadata))

    def remove(self, key: str) -> None:
        """Remove an artifact, if it is there."""
        with self._writing():
            self.artifact(key).unlink(missing_ok=True)

    def save_result(self, name: str, key: str, text: str) -> Path:
        """Write a result document; returns its path."""
        path = self.result(name, key)
        with self._replacing(path) as file:
            file.write(text.encode())
        return path

    def save_text(self, name: str, text: str) -> Path:
        """Write a file for people to read, atomically; returns its path."""
        path = self.folder / name
        with self._replacing(path) as file:
            file.write(text.encode())
        return path

    def remove_text(self, name: str) -> None:
        """Remove such a file, if it is there."""
        path = self.folder / name
        with self._writing():
            if path.exists():  # where nothing may be written, one that is not there cannot be removed either
                path.unlink(missing_ok=True)

    def open_for_writing(self, needed: bool = True) -> None:
        """Find out before anything runs whether results can be kept, and sweep up what killed writes have left.

        A file that is being written is locked by its writer. Creates nothing that stays. Where it is not `needed` that
        anything is kept, a store that cannot be written may still be read, until `before_work`.

        Raises:
            EnvironmentProblem: it is needed, and the folder cannot be written, or made, or its disk is full.
        """
        self.closed = self._why_closed()
        if self.closed:
            if needed:
                raise self._unusable(self.closed)
            return
        for pattern in ("", "*/", "artifacts/*/"):
            for left in self.folder.glob(f"{pattern}{PARTIAL}*"):
                _remove_if_left(left)

    def before_work(self) -> None:
        """Called before work whose result is to be kept.

        Raises:
            EnvironmentProblem: `open_for_writing` found that it cannot be.
        """
        if self.closed:
            raise self._unusable(f"it lacks what is to be computed now, and cannot be written: {self.closed}")

    def _why_closed(self) -> str:
        """Why the folder cannot be written, or made; "" where it can."""
        try:
            folders = (self.folder, *self.folder.absolute().parents)
            there = next(folder for folder in folders if os.path.lexists(folder))
            if not there.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
            with tempfile.TemporaryFile(dir=there, prefix=PARTIAL) as file:  # of no name, where the system can do that
                file.write(bytes(ROOM))
                file.flush()
                os.fsync(file.fileno())
        except OSError as problem:
            return problem.strerror or str(problem)
        return ""

    def results(self, name: str | None = None) -> list[Path]:
        """The result documents of a spec (None: of all specs), newest first."""
        key = "[0-9a-f]" * RESULT_DIGITS  # a spec's name may start with another's
        found = (self.folder / "results").glob(f"{'*' if name is None else escape(name)}-{key}.json")
        return sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True)

    def append(self, file: str, lines: list[str]) -> None:
        """Append lines to a ledger in one write; one writer at a time, since network disks know no appending."""
        if not lines:
            return
        with self._writing():
            (self.folder / file).parent.mkdir(parents=True, exist_ok=True)
            with (self.folder / file).open("a+b") as ledger:
                _wait_for_lock(ledger)
                cut_short = ledger.seek(0, os.SEEK_END) > 0 and _last_byte(ledger) != b"\n"
                text = ("\n" if cut_short else "") + "".join(f"{line}\n" for line in lines)
                ledger.write(text.encode())
                ledger.flush()
                os.fsync(ledger.fileno())

    def lines(self, file: str) -> list[str]:
        """The lines of a ledger; what is no UTF-8 in them is replaced.

        Raises:
            EnvironmentProblem: it is there and cannot be read.
        """
        path = self.folder / file
        with self._writing():
            return path.read_bytes().decode(errors="replace").splitlines() if path.exists() else []

    def result(self, name: str, key: str) -> Path:
        """Where the result of a spec and a plan's key is, or would be."""
        return self.folder / "results" / f"{name}-{key[:RESULT_DIGITS]}.json"

    def artifact(self, key: str) -> Path:
        """Where an artifact is, or would be."""
        return self.folder / "artifacts" / key[:2] / f"{key}.safetensors"

    @contextmanager
    def _replacing(self, path: Path) -> Iterator[IO[bytes]]:
        """A temporary file in the same folder that takes the path's place when it is whole and on disk."""
        with self._writing():
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=PARTIAL)
            try:
                with os.fdopen(handle, "wb") as file:
                    _lock(file)
                    yield file
                    file.flush()
                    os.fsync(file.fileno())
                    Path(name).chmod(0o644)  # temporary files are private; results are for all who may enter the folder
                    Path(name).replace(path)  # while it is locked: else it could be swept up
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as problem:
            raise self._unusable(problem.strerror or str(problem)) from None

    def _unusable(self, why: str) -> EnvironmentProblem:
        help = "name another folder with `--store`; a copy of this one keeps what is known"
        return EnvironmentProblem("CS520", f"the store `{self.folder}` cannot be used: {why}", help)


def _lock(file: IO[bytes]) -> bool | None:
    """Lock a file for as long as it is open: whether that was done, or None on systems that have no such locks."""
    try:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except (ImportError, OSError):
        return None
    return True


def _wait_for_lock(file: IO[bytes]) -> None:
    """Lock a file, as soon as others have let go of it; whoever holds it for longer than a write takes is passed by."""
    until = time.monotonic() + PATIENCE
    while _lock(file) is False and time.monotonic() < until:
        time.sleep(0.01)


def _remove_if_left(path: Path) -> None:
    """Remove a file that a killed process was writing. One that somebody else has removed, or may not be, is left."""
    with suppress(OSError), path.open("r+b") as file:  # network disks lock only what is open for writing
        found, locked = path.stat(), _lock(file)
        age = time.time() - found.st_mtime
        if age > SLOW if locked is None else locked and (found.st_size or age > FRESH):
            path.unlink()


def _last_byte(ledger: IO[bytes]) -> bytes:
    ledger.seek(-1, os.SEEK_END)
    return ledger.read(1)


def _hash(tensors: Mapping[str, "Tensor"], document: str) -> str:
    import torch

    digest = hashlib.sha256(document.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name}{tuple(tensor.shape)}{tensor.dtype}".encode())
        digest.update(tensor.contiguous().view(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
