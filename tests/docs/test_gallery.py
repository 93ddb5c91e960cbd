"""The gallery's specs, their pictures, and the page of reproductions. No figure is run again here."""

import re
import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path

import cspec
import pytest
from cspec.cli.workflow import check
from cspec.compiler.pipeline import Checked

ROOT = Path(cspec.__file__).parent
# A folder `.cspec` is the store of a run that was made there.
SPECS = sorted(path for path in ROOT.glob("specs/*/?*.cspec") if path.is_file())
PICTURES = sorted(path for path in ROOT.glob("specs/*/*.svg") if path.is_file())
PUBLISHED = ROOT / "specs" / "hierarchical_equality" / "published.cspec"


@cache
def checked(spec: Path) -> Checked:
    return check(spec)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.stem)
def test_every_spec_of_the_gallery_is_right(spec: Path) -> None:
    found = checked(spec)
    assert found.experiments or found.program.graphs or spec.parent.name == "causal_models"
    assert found.models


def test_the_page_has_a_row_for_every_claim_of_the_published_figures() -> None:
    page = (ROOT / "docs" / "reproductions.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \|", page, re.M) == list(checked(PUBLISHED).program.claims)


def test_the_transformers_and_the_measured_graph_of_the_gallery_have_their_pictures() -> None:
    assert {path.stem for path in PICTURES} >= {"addition", "dataflow", "ioi", "pricing", "self_repair"}


@pytest.mark.parametrize("picture", PICTURES, ids=lambda path: path.stem)
def test_pictures_are_of_their_specs(picture: Path) -> None:
    texts = [element.text or "" for element in ET.parse(picture).getroot().iter("{http://www.w3.org/2000/svg}text")]
    program = checked(picture.with_suffix(".cspec")).program
    assert "not verified" not in texts
    claims = texts[texts.index("claims") :] if program.claims else []
    for claim in program.claims.values():
        assert claim.name in claims
        assert "".join(claim.text.split()) in "".join("".join(claims).split())
    for model in program.models.values():
        assert f"model {model.name}" in texts
    for graph in program.graphs.values():
        assert f"graph {graph.name} on {graph.network}" in texts
        assert {f"{node.name}: {node.circuit.text} -> {node.target.text}" for node in graph.nodes} <= {*texts}
    for alignment in program.alignments.values():
        assert any(text.startswith(f"{alignment.name}: ") for text in texts)
    assert f"({picture.name})" in (picture.parent / "README.md").read_text(encoding="utf-8")
