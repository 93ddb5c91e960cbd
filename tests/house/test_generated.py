"""Files that are made from tables are what the tables give."""

from pathlib import Path

import pytest
from cspec.lang.generate import ROOT, generated_files


@pytest.mark.parametrize(("path", "text"), list(generated_files()), ids=lambda part: str(part)[:40].replace("\n", " "))
def test_a_generated_file_is_up_to_date(path: Path, text: str) -> None:
    found = (ROOT / path).read_text(encoding="utf-8") if (ROOT / path).exists() else ""
    assert found == text, f"`{path}` is stale: run `python -m cspec.lang.generate`"
