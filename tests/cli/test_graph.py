"""`cspec graph`: the causal models with sites, maps and verdicts, as networkx and graphviz read them."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import networkx as nx
import pytest

from .tools import DIFFERENCES, SOLVES, run, sampled, small

CLAIM = "claim represents: iia(differences) == 1 exhaustively\n"
LEFT = "claim alone: iia(differences.left) <= 0.5 exhaustively expect refuted\n"
LEARNED = """
align das: both_equalities -> net {
  left, right at hidden[1] via rotation size 4
}
claim learned: iia(das) >= 0.9 exhaustively
"""


def draw(spec: Path, *options: str | Path) -> "nx.DiGraph[str]":
    """The graph that is written for a spec."""
    done = run("graph", spec, "--out", spec.parent / "out", *options)
    assert (done.status, done.err) == (0, "")
    data = json.loads((spec.parent / "out" / "spec.graph.json").read_text())
    graph: nx.DiGraph[str] = nx.node_link_graph(data, edges="edges")
    return graph


def claims_of(graph: "nx.DiGraph[str]", node: str) -> list[dict[str, Any]]:
    (place,) = graph.nodes[node]["places"]
    claims: list[dict[str, Any]] = place["claims"]
    return claims


def test_nodes_edges_sites_and_maps(tmp_path: Path) -> None:
    graph = draw(small(tmp_path, DIFFERENCES + CLAIM))
    assert graph.is_directed()
    assert set(graph.edges) == {
        ("both_equalities.w", "both_equalities.left"),
        ("both_equalities.x", "both_equalities.left"),
        ("both_equalities.y", "both_equalities.right"),
        ("both_equalities.z", "both_equalities.right"),
        ("both_equalities.left", "both_equalities.same"),
        ("both_equalities.right", "both_equalities.same"),
    }
    kinds = {data["variable"]: (data["kind"], data["domain"]) for _, data in graph.nodes(data=True)}
    assert kinds == {
        **dict.fromkeys("wxyz", ("input", "0..3")),
        "left": ("variable", "bool"),
        "right": ("variable", "bool"),
        "same": ("output", "bool"),
    }
    assert graph.nodes["both_equalities.left"]["places"] == [
        {
            "alignment": "differences",
            "network": "net",
            "site": "hidden[1][0..3]",
            "map": "via identity",
            "claims": [{"claim": "represents"}],
        }
    ]
    assert graph.nodes["both_equalities.right"]["places"][0]["site"] == "hidden[1][4..7]"
    assert graph.nodes["both_equalities.w"]["places"] == []
    assert graph.nodes["both_equalities.same"]["places"] == []


def test_every_alignment_of_a_model_has_its_place(tmp_path: Path) -> None:
    graph = draw(small(tmp_path, DIFFERENCES + CLAIM + LEARNED))
    places = graph.nodes["both_equalities.right"]["places"]
    assert [(p["alignment"], p["site"], p["map"]) for p in places] == [
        ("differences", "hidden[1][4..7]", "via identity"),
        ("das", "hidden[1]", "via rotation size 4"),
    ]
    assert [[c["claim"] for c in p["claims"]] for p in places] == [["represents"], ["learned"]]


def test_rival_models_are_apart(tmp_path: Path) -> None:
    rival = "model rival for equality { first = w\n same = (first == x) == (y == z) }\n"
    graph = draw(small(tmp_path, rival + DIFFERENCES + CLAIM))
    assert nx.number_weakly_connected_components(graph) == 2
    assert set(graph.predecessors("rival.same")) == {f"rival.{name}" for name in ("first", "x", "y", "z")}
    assert graph.nodes["rival.first"]["domain"] == "0..3"


def test_a_family_depends_on_its_members_and_they_on_what_they_read(tmp_path: Path) -> None:
    text = """
task copy {
  input  x[2]: 0..3
  output out[2]: 0..3
  tokens [x]
  answer out @ {x}: index
}
model turned for copy {
  for i in 0..1 { kept[i] = x[i] }
  out[0] = kept[1]
  out[1] = kept[0]
}
"""
    spec = tmp_path / "spec.cspec"
    spec.write_text(text, encoding="utf-8")
    graph = draw(spec)
    assert graph.nodes["turned.kept"]["members"] == ["kept[0]", "kept[1]"]
    assert set(graph.predecessors("turned.kept")) == {"turned.kept[0]", "turned.kept[1]"}
    assert set(graph.predecessors("turned.kept[1]")) == {"turned.x[1]"}
    assert set(graph.predecessors("turned.out[0]")) == {"turned.kept[1]"}
    assert "members" not in graph.nodes["turned.x[0]"]
    assert nx.is_directed_acyclic_graph(graph)
    picture = (tmp_path / "out" / "spec.svg").read_text()
    assert [f">{name}<" in picture for name in ("kept", "out", "kept[0]", "out[1]")] == [False, False, True, True]


def test_verdicts_are_drawn_exactly_while_a_result_matches_the_spec(tmp_path: Path) -> None:
    spec = small(tmp_path, DIFFERENCES + CLAIM + LEFT)
    before = draw(spec)
    assert claims_of(before, "both_equalities.left") == [{"claim": "represents"}, {"claim": "alone"}]
    assert "outcome" not in json.dumps(nx.node_link_data(before, edges="edges"))

    assert run("verify", spec).status == 0
    represents, alone = claims_of(draw(spec), "both_equalities.left")
    assert represents == {
        "claim": "represents",
        "outcome": "holds",
        "reason": None,
        "grade": "exhaustive",
        "estimate": 1.0,
    }
    assert (alone["outcome"], alone["estimate"]) == ("refuted", 1.0)
    (listed, _) = draw(spec).graph["claims"]
    assert (listed["claim"], listed["outcome"]) == ("represents", "holds")
    assert listed["text"] == "iia(differences) == 1 exhaustively"

    spec.write_text("# a comment changes nothing\n" + spec.read_text())
    assert claims_of(draw(spec), "both_equalities.left")[0]["outcome"] == "holds"

    spec.write_text(spec.read_text().replace("<= 0.5", "<= 0.6"))
    assert claims_of(draw(spec), "both_equalities.left") == [{"claim": "represents"}, {"claim": "alone"}]


def test_the_newest_result_that_matches_is_read_from_the_store_that_is_named(tmp_path: Path) -> None:
    spec = small(tmp_path, DIFFERENCES + CLAIM)
    store = tmp_path / "elsewhere"
    assert run("verify", spec, "--store", store).status == 0
    assert "outcome" not in claims_of(draw(spec), "both_equalities.left")[0]
    assert claims_of(draw(spec, "--store", store), "both_equalities.left")[0]["outcome"] == "holds"
    (result,) = (store / "results").iterdir()
    result.write_text("{" + result.read_text())
    assert "outcome" not in claims_of(draw(spec, "--store", store), "both_equalities.left")[0]


def test_other_weights_have_no_verdicts(tmp_path: Path) -> None:
    spec = small(tmp_path, DIFFERENCES + CLAIM)
    assert run("verify", spec).status == 0
    net = tmp_path / "net.safetensors"
    data = bytearray(net.read_bytes())
    data[-1] ^= 1
    net.write_bytes(bytes(data))
    assert "outcome" not in claims_of(draw(spec), "both_equalities.left")[0]


def test_dot_has_the_shape_of_dot(tmp_path: Path) -> None:
    spec = small(tmp_path, DIFFERENCES + CLAIM)
    run("verify", spec)
    draw(spec)
    lines = (tmp_path / "out" / "spec.dot").read_text().splitlines()
    text = r'"(?:[^"\\]|\\.)*"'
    value = rf"(?:{text}|\w+)"
    attributes = rf"\[\w+={value}(?:, \w+={value})*\]"
    statement = re.compile(
        rf"digraph {text} \{{|subgraph \w+ \{{|\}}|\w+={value};|(?:node|{text}) {attributes};|{text} -> {text};"
    )
    assert [line for line in lines if not statement.fullmatch(line.strip())] == []
    joined = "\n".join(lines)
    assert joined.count("{") - joined.count("}") == 0
    assert len(re.findall(rf"^  {text} -> {text};$", joined, re.MULTILINE)) == 6
    assert re.search(
        r'"both_equalities.left" \[label="left: bool\\n[^"]*represents: holds \(1.000\)", [^]]*color="#1a7f37"', joined
    )
    assert "peripheries=2" in next(line for line in lines if '"both_equalities.same" [' in line)
    assert "color" not in next(line for line in lines if '"both_equalities.w" [' in line)


@pytest.mark.skipif(shutil.which("dot") is None, reason="graphviz is not installed")
def test_graphviz_draws_it(tmp_path: Path) -> None:
    draw(small(tmp_path, DIFFERENCES + CLAIM))
    subprocess.run(["dot", "-Tsvg", "spec.dot"], cwd=tmp_path / "out", check=True, capture_output=True)


def test_a_spec_without_claims_has_a_graph(tmp_path: Path) -> None:
    spec = small(tmp_path, DIFFERENCES)
    done = run("graph", spec, "--out", tmp_path / "out")
    assert done.status == 0
    assert "no verdicts drawn" in done.out


def test_an_output_that_cannot_be_written(tmp_path: Path) -> None:
    spec = small(tmp_path, DIFFERENCES + CLAIM)
    (tmp_path / "file").write_text("")
    done = run("graph", spec, "--out", tmp_path / "file")
    assert done.status == 4
    assert "error[CS522]" in done.err
    assert "= help: name another folder with `--out`" in done.err


def test_written_files_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = small(tmp_path, DIFFERENCES + CLAIM + SOLVES)
    monkeypatch.chdir(tmp_path)
    done = run("graph", spec.name)
    assert done.out == (
        "wrote spec.svg\nwrote spec.dot\nwrote spec.graph.json\nno result matches the spec: no verdicts drawn\n"
    )
    assert (tmp_path / "spec.dot").exists()
    assert (tmp_path / "spec.graph.json").exists()


def test_names_of_files_and_alignments_lose_no_verdict(tmp_path: Path) -> None:
    body = DIFFERENCES + "claim c: iia(differences) == 1 exhaustively\n"
    spec = small(tmp_path, body, name="a[1].cspec")
    store = tmp_path / "store"
    run("verify", spec, "--store", store)
    assert "with verdicts" in run("graph", spec, "--store", store, "--out", tmp_path).out
    small(tmp_path, body.replace("differences", "other"), name="a[1].cspec")
    assert "with verdicts" in run("graph", spec, "--store", store, "--out", tmp_path).out


def test_a_result_of_any_engine_is_found_and_the_engine_is_named(tmp_path: Path) -> None:
    spec = small(tmp_path, DIFFERENCES + CLAIM)
    run("verify", spec, "--engine", "hooks")
    draws = ("graph", spec, "--out", tmp_path / "out")
    assert run(*draws).out.endswith("\nwith verdicts of engine hooks\n")
    assert [claim["outcome"] for claim in claims_of(draw(spec), "both_equalities.left")] == ["holds"]
    assert json.loads(run(*draws, "--json").out)["engine"] == "hooks"
    run("verify", spec)
    assert run(*draws).out.endswith("\nwith verdicts of engine fused\n")
    small(tmp_path, DIFFERENCES + CLAIM.replace("== 1", ">= 0.5"))
    assert "no verdicts drawn" in run(*draws).out


def test_maps_of_another_engine_are_named(tmp_path: Path) -> None:
    learned = LEARNED.replace("size 4", "size 4\n  fit { steps: 2, seeds: 1 }")
    spec = sampled(tmp_path, learned.replace(" exhaustively", "") + "settings { controls { random: 1 } }\n")
    run("verify", spec, "--engine", "hooks", "--fit-engine", "fused")
    done = run("graph", spec, "--out", tmp_path / "out")
    assert "with verdicts of engine hooks, on maps that fused fitted" in done.out
