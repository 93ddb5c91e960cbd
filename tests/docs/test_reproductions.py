"""The gallery's specs, and the page of reproductions against the one that it tabulates. No figure is run again here."""

import re
from pathlib import Path

import cspec
import pytest
from cspec.cli.workflow import check

ROOT = Path(cspec.__file__).parent
# A folder `.cspec` is the store of a run that was made there.
SPECS = sorted(path for path in ROOT.glob("specs/*/?*.cspec") if path.is_file())
PUBLISHED = ROOT / "specs" / "hierarchical_equality" / "published.cspec"


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.stem)
def test_every_spec_of_the_gallery_is_right(spec: Path) -> None:
    checked = check(spec)
    assert checked.experiments or checked.program.graphs or spec.parent.name == "causal_models"
    assert checked.models


def test_the_page_has_a_row_for_every_claim_of_the_published_figures() -> None:
    page = (ROOT / "docs" / "reproductions.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \|", page, re.M) == list(check(PUBLISHED).program.claims)
