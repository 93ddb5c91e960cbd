"""`cspec diff` as a function: what its tests share."""

from pathlib import Path
from typing import Any

from cspec.cli.documents import Document

from .tools import run


def diff(before: Path | str, after: Path | str, *options: str | Path) -> dict[str, Any]:
    """The comparison as JSON, after its text was seen to fit 80 columns and to give the same exit status."""
    text, done = run("diff", before, after, *options), run("diff", before, after, "--json", *options)
    assert (text.err, done.err) == ("", "")
    assert text.status == done.status == Document.model_validate(done.document).exit
    assert max(map(len, text.out.splitlines())) <= 80
    found: dict[str, Any] = done.document["diff"]
    return found | {"status": done.status, "text": text.out}
