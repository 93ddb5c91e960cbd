"""A whole spec of searched circuits and a graph over judged answers: it checks, lowers to terms, and is planned."""

import contextlib
import io
import json
import shutil
from pathlib import Path

import pytest
from cspec.cli.main import main

FOLDER = Path(__file__).with_name("capabilities")
NETWORK = Path(__file__).parents[1] / "golden" / "good" / "lm"
DIMENSIONS = ("grounding", "coherence", "synthesis")


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """The spec with tables long enough for a bound, and the same small network in every checkpoint: with a context that
    200 generated tokens fit into.

    Every prompt has eight tokens, a digit being one: the circuits are searched for at all of them.
    """
    shutil.copytree(FOLDER, tmp_path, dirs_exist_ok=True)
    for name, row in [
        ("prompts", "why_{:04},books"),
        *((f"contrast-{d}", 'why_{:04}," yes"," no"') for d in DIMENSIONS),
    ]:
        path = tmp_path / f"{name}.csv"
        head, *_ = path.read_text().splitlines()
        path.write_text("\n".join([head, *(row.format(index) for index in range(3000)), ""]))
    for name in ("primed", *(f"{d}-{half}" for d in DIMENSIONS for half in ("deep", "shallow"))):
        shutil.copytree(NETWORK, tmp_path / "checkpoints" / name)
        config = tmp_path / "checkpoints" / name / "config.json"
        config.write_text(json.dumps(json.loads(config.read_text()) | {"max_position_embeddings": 256}))
    return tmp_path / "capabilities.cspec"


def run(*arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(arguments)
    return status, out.getvalue(), err.getvalue()


def test_it_checks(spec: Path) -> None:
    status, out, err = run("check", str(spec))
    assert (status, err) == (0, "")
    assert "ok, 3 claims" in out


def test_an_effect_of_a_node_on_a_node_is_the_circuits_on_the_metric(spec: Path) -> None:
    _, out, _ = run("compile", str(spec), "--emit", "terms")
    found = "heads[grounding] (top 8 of head_out[*, *] @ all)"
    assert f"score[synthesis] of run[primed](x0, {{{found} := {found} of run(x1)" in out
    held = "heads[coherence] (top 8 of head_out[*, *] @ all)"
    assert f"{held} := {held} of run(x0)}})" in out
    assert "dist( score[grounding] of run[primed]" in out


def test_what_it_needs_is_reported_and_not_left_out(spec: Path) -> None:
    shutil.rmtree(spec.parent / "checkpoints" / "coherence-deep")
    status, _, err = run("check", str(spec))
    assert status == 4
    assert "coherence-deep" in err
    assert "for `d = coherence`" in err


def test_verify_lacks_nothing_but_the_weights(spec: Path) -> None:
    status, _, err = run("verify", str(spec))
    assert status == 4
    assert "error[CS502]" in err


def test_a_prompt_whose_input_cannot_be_read_is_not_called_empty(spec: Path) -> None:
    (spec.parent / "prompts.csv").unlink()
    _, _, err = run("check", str(spec))
    assert "CS146" in err
    assert "CS187" not in err


def test_graph_prints_the_nodes_that_are_declared(spec: Path, tmp_path: Path) -> None:
    status, out, err = run("graph", str(spec), "--out", str(tmp_path / "out"))
    assert (status, err) == (0, "")
    nodes = [f"  skill[{d}]: heads[{d}] -> score[{d}]" for d in DIMENSIONS]
    assert "\n".join(["graph capabilities on primed", *nodes]) in out
    assert "no verdicts drawn" in out
