"""The pictures beside the specs of the gallery show them as they stand, verified, and a README shows each."""

import xml.etree.ElementTree as ET
from pathlib import Path

import cspec
import pytest
from cspec.cli.workflow import check

ROOT = Path(cspec.__file__).parent
PICTURES = sorted(path for path in ROOT.glob("specs/*/*.svg") if path.is_file())


def test_the_transformers_and_the_measured_graph_of_the_gallery_have_their_pictures() -> None:
    assert {path.stem for path in PICTURES} >= {"addition", "dataflow", "ioi", "pricing", "self_repair"}


@pytest.mark.parametrize("picture", PICTURES, ids=lambda path: path.stem)
def test_pictures_are_of_their_specs(picture: Path) -> None:
    texts = [element.text or "" for element in ET.parse(picture).getroot().iter("{http://www.w3.org/2000/svg}text")]
    program = check(picture.with_suffix(".cspec")).program
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
