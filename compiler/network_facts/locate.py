"""Where a transformer's files are: a folder, or a repository in the local Hugging Face cache. Nothing is downloaded."""

import os
import re
from pathlib import Path

from .read_header import BadCheckpointError

REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")
_REVISION = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)*")


def is_folder(name: str, folder: Path) -> bool:
    """Whether a name means a path from `folder`: one that is there, or what can be no repository's id."""
    return (folder / name).exists() or name.startswith((".", "/", "~")) or not REPOSITORY.fullmatch(name)


def cache_folder() -> Path:
    """Where the Hugging Face libraries keep what they have fetched."""
    if stated := os.environ.get("HF_HUB_CACHE"):
        return Path(stated)
    home = os.environ.get("HF_HOME") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "huggingface"
    )
    return Path(home) / "hub"


def find_snapshot(repository: str, revision: str | None) -> Path:
    """The folder of a repository's files at a revision (`main` by default): a branch, a tag or a commit.

    Raises:
        BadCheckpointError: it is not in the cache.
    """
    wanted = revision or "main"
    if not _REVISION.fullmatch(wanted) or ".." in wanted:
        raise BadCheckpointError("CS531", f"`{wanted}` is no revision", "name a branch, a tag or a commit")
    root = cache_folder() / ("models--" + repository.replace("/", "--"))
    try:
        commit = (root / "refs" / wanted).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        commit = wanted
    snapshot = root / "snapshots" / commit
    if "/" in commit or commit.startswith(".") or not snapshot.is_dir():
        at = f" --revision {wanted}" if revision else ""
        raise BadCheckpointError(
            "CS531",
            f"there is no such folder, and the local Hugging Face cache does not hold it at `{wanted}`",
            f"fetch it first, `hf download {repository}{at}`; sites, tokens and answers are checked against its files",
        )
    return snapshot
