"""`--json`: exactly one document on stdout, whatever happens, with the same numbers as the text."""

from pathlib import Path

import numpy as np
import pytest
from cspec.cli.documents import Document

from .tools import DECIDED, DIFFERENCES, SOLVES, learned, rewrite_tensor, run, sampled, small, spawn

CLAIMS = """
claim solves:  accuracy(net) >= 0.9
claim decides: iia(decided) >= 0.9
claim learned: iia(das) <= 0.1 expect refuted
"""
TWO = DIFFERENCES + SOLVES + "claim none: iia(differences.left) <= 0.5 exhaustively expect refuted\n"


def test_nothing_but_the_document_on_stdout_though_pyvene_prints(tmp_path: Path) -> None:
    """In a fresh process, where pyvene is imported for the first time."""
    spec = small(tmp_path, TWO)
    done = spawn("-m", "cspec", "verify", spec, "--json", cwd=tmp_path)
    assert (done.status, done.err) == (0, "")
    document = Document.model_validate(done.document)
    assert document.result is not None
    assert [v.outcome for v in document.result.verdicts] == ["holds", "refuted"]


def test_the_result_holds_the_numbers_of_the_text(tmp_path: Path) -> None:
    body = DECIDED + learned() + CLAIMS
    spec = sampled(tmp_path, body)
    text = run("verify", spec, "--store", tmp_path / "text")
    done = run("verify", spec, "--json", "--store", tmp_path / "json")
    assert (text.status, text.err, done.status, done.err) == (0, "", 0, "")
    document = Document.model_validate(done.document)
    assert (document.command, document.spec, document.exit) == ("verify", str(spec), 0)
    result = document.result
    assert result is not None
    for verdict in result.verdicts:
        part = verdict.parts[0]
        if verdict.grade == "exhaustive":
            numbers = (
                f"{part.text} = {part.estimate:.4f} exactly, claimed {part.relation} {part.bound:g}: {part.status}"
            )
        else:
            interval = f"[{part.low:.4f}, {part.high:.4f}]"
            claimed = f"claimed {part.relation} {part.bound:g}: {part.status}"
            how = f"by a {part.method} at {1 - verdict.alpha:.4g}, after {part.n} of 400 items"
            numbers = f"{part.text} = {part.estimate:.4f} {interval}, {claimed} {how}"
        assert numbers in " ".join(text.out.split())
        for quantity in verdict.quantities:
            for cell in quantity.cells:
                if cell.half is not None:
                    assert f"{cell.right:,}/{cell.n:,} {cell.right / cell.n:.3f}" in " ".join(text.out.split())
    assert [len(v.quantities[0].seeds) for v in result.verdicts] == [0, 0, 2]
    assert result.confidence == 0.95


def test_fits_searches_sizes_and_controls_are_whole_in_the_document(tmp_path: Path) -> None:
    """The text shows the best of a search and no trace; the document has all of both."""
    body = learned(steps=40).replace("at hidden[2]", "in hidden[1..3][0, 1]").replace("left, right", "left")
    grown = learned(steps=60).replace("das", "grown").replace("size 1", "size learned")
    claims = "claim found: iia(das) >= 0.6\nclaim sized: iia(grown) <= 0.99\nsettings { controls { random: 1 } }\n"
    text = sampled(tmp_path, body + grown + claims)
    done = run("verify", text, "--json").document["result"]["verdicts"]
    (found,), (sized,) = (verdict["quantities"] for verdict in done)
    places = [row["place"] for row in found["search"]]
    assert len(places) == len(set(places)) == 6
    assert [row["variables"] for row in found["search"]] == [["left"]] * len(places)
    assert sum(row["chosen"] for row in found["search"]) == 1
    printed = run("verify", text).out
    assert sum(f"{place} " in printed for place in places) == 4
    assert f"{len(places) - 4} more, at most " in printed
    assert [row["variable"] for row in sized["sizes"]] == ["left", "right"]
    for seed in sized["seeds"]:
        assert seed["budget"] == 60
        assert [point["step"] for point in seed["trace"]] == list(range(45, seed["steps"] + 1, 3))  # once sizes settled
        assert seed["select"] in [point["select"] for point in seed["trace"]]
    controls = {control["name"]: control for control in done[0]["controls"]}
    assert controls["random subspace"]["estimate"] is None
    assert controls["random subspace"]["why"]
    assert controls["full swap"]["met"] is None
    assert controls["no-op"]["met"] is True


def test_the_document_names_the_file_in_the_store(tmp_path: Path) -> None:
    done = run("verify", small(tmp_path, TWO), "--json")
    (stored,) = (tmp_path / ".cspec" / "results").iterdir()
    assert (
        Document.model_validate(done.document).result
        == Document.model_validate_json(
            '{"command": "verify", "spec": "", "exit": 0, "diagnostics": [], "result": ' + stored.read_text() + "}"
        ).result
    )
    assert stored.name == f"spec-{done.document['result']['plan'][:16]}.json"


def test_check_graph_and_compile(tmp_path: Path) -> None:
    spec = small(tmp_path, TWO)
    documents = {
        "check": run("check", spec, "--json"),
        "graph": run("graph", spec, "--json", "--out", tmp_path / "out"),
        "compile terms": run("compile", spec, "--json", "--emit", "terms"),
        "compile plan": run("compile", spec, "--json", "--emit", "plan"),
    }
    for name, done in documents.items():
        document = Document.model_validate(done.document)
        assert (done.status, document.exit, done.err) == (0, 0, "")
        assert document.command == name.split()[0]
        assert document.result is None
    terms = documents["compile terms"].document["terms"]
    assert list(terms) == ["solves", "none"]
    assert terms["none"][0].startswith(
        "iia(differences.left) = E[ agree( same of run[net via differences](x0, {left :="
    )
    plan = documents["compile plan"].document["plan"]
    keys = [step["key"] for step in plan["steps"]]
    assert set(plan["claims"]) <= set(keys)
    assert all(keys.index(need) < i for i, step in enumerate(plan["steps"]) for need in step["needs"])
    assert documents["graph"].document["files"] == [
        str(tmp_path / "out" / f"spec.{e}") for e in ("svg", "dot", "graph.json")
    ]


@pytest.mark.parametrize("command", ["check", "verify", "graph", "compile", "plan"])
def test_errors_of_the_spec(tmp_path: Path, command: str) -> None:
    spec = small(tmp_path, "claim a: accuracy(nett) >= 0.9\nclaim b: accuracy(net) >= lots\n")
    done = run(command, spec, "--json")
    document = Document.model_validate(done.document)
    assert (done.status, document.exit, done.err) == (2, 2, "")
    assert len(document.diagnostics) == 2
    lines = spec.read_text().splitlines()
    for diagnostic, wrong in zip(document.diagnostics, ("nett", "lots"), strict=True):
        assert diagnostic.severity == "error"
        assert diagnostic.line is not None
        assert diagnostic.column is not None
        assert diagnostic.end_column is not None
        assert lines[diagnostic.line - 1][diagnostic.column - 1 : diagnostic.end_column - 1] == wrong
    assert document.result is None


def test_warnings_stand_beside_the_result(tmp_path: Path) -> None:
    spec = small(tmp_path, DIFFERENCES + SOLVES + "pairs unread for equality { size 4000 }\n")
    spec.write_text(spec.read_text() + "claim few: accuracy(net) >= 0.5 over unread\n")
    done = run("check", spec, "--json")
    document = Document.model_validate(done.document)
    assert document.exit == done.status
    assert document.diagnostics


def test_verify_without_claims(tmp_path: Path) -> None:
    done = run("verify", small(tmp_path, DIFFERENCES), "--json")
    document = Document.model_validate(done.document)
    assert (done.status, document.exit, done.err) == (2, 2, "")
    assert [d.code for d in document.diagnostics] == ["CS435"]


def test_a_missing_checkpoint(tmp_path: Path) -> None:
    spec = small(tmp_path, TWO)
    (tmp_path / "net.safetensors").unlink()
    done = run("verify", spec, "--json")
    document = Document.model_validate(done.document)
    assert (done.status, document.exit, done.err) == (4, 4, "")
    assert [d.code for d in document.diagnostics] == ["CS502"]


def test_a_missing_file(tmp_path: Path) -> None:
    done = run("verify", tmp_path / "absent.cspec", "--json")
    document = Document.model_validate(done.document)
    assert (done.status, document.exit, done.err) == (64, 64, "")
    assert [d.code for d in document.diagnostics] == ["CS003"]


def test_a_broken_environment(tmp_path: Path) -> None:
    spec = small(tmp_path, TWO)
    rewrite_tensor(tmp_path / "net.safetensors", "layers.1.bias", np.array([np.nan, 1]))
    done = run("verify", spec, "--json")
    document = Document.model_validate(done.document)
    assert (done.status, document.exit, done.err) == (4, 4, "")
    assert [d.code for d in document.diagnostics] == ["CS507"]


@pytest.mark.parametrize(("claim", "status"), [("<= 0.5", 1), (">= 0.5", 0)])
def test_exit_equals_the_exit_status(tmp_path: Path, claim: str, status: int) -> None:
    spec = small(tmp_path, DIFFERENCES + f"claim one: iia(differences.left) {claim} exhaustively\n")
    done = run("verify", spec, "--json")
    assert (done.status, done.document["exit"]) == (status, status)
