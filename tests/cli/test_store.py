"""The store: equal content is computed once, other content anew, damage is mended, and looks are counted."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from cspec.runtime.results.store import Store
from safetensors import safe_open

from .tools import DECIDED, DIFFERENCES, SAMPLED_HEAD, SOLVES, artifacts, learned, run, sampled, small, wire_many, write

REPRESENTS = "claim represents: iia(das) <= 0.1 expect refuted\n"
"""Refuted by whatever map is found, so that no control has to run."""
GIVEN = "claim given: iia(decided) >= 0.9\n"


def verified(spec: Path, store: Path) -> dict[str, Any]:
    """The result of a verification, as JSON."""
    result: dict[str, Any] = run("verify", spec, "--store", store, "--json").document["result"]
    return result


def grades(spec: Path, store: Path) -> dict[str, str]:
    return {verdict["name"]: verdict["grade"] for verdict in verified(spec, store)["verdicts"]}


def fits(store: Path) -> set[str]:
    """The keys of the fits that a store keeps."""
    found = set()
    for path in (store / "artifacts").rglob("*.safetensors"):
        with safe_open(path, framework="pt") as file:
            if "maps" in json.loads(file.metadata()["document"]):
                found.add(path.stem)
    return found


def content(store: Path) -> dict[str, Any]:
    """What the artifacts of a store say, by key; an artifact that does not load says nothing."""
    found = {}
    for path in (store / "artifacts").rglob("*.safetensors"):
        loaded = Store(store).load(path.stem)
        assert loaded is not None
        tensors, document = loaded
        found[path.stem] = {name: tensor.tolist() for name, tensor in tensors.items()}, document
    return found


# --- the same content ------------------------------------------------------------------------------------------------


def test_two_fresh_stores_hold_the_same_content(tmp_path: Path) -> None:
    spec = sampled(tmp_path, DECIDED + learned() + REPRESENTS + GIVEN)
    one, two = tmp_path / "one", tmp_path / "two"
    assert verified(spec, one) == verified(spec, two)
    assert artifacts(one).keys() == artifacts(two).keys()
    assert len(artifacts(one)) == 3  # a map and two evaluations
    assert content(one) == content(two)
    files = [path.relative_to(one) for path in one.rglob("*") if path.suffix in (".json", ".jsonl")]
    assert len(files) == 3  # a result, the ledgers of looks and of decisions
    assert all((one / file).read_bytes() == (two / file).read_bytes() for file in files)


def test_a_second_verify_runs_nothing_again(tmp_path: Path) -> None:
    spec = sampled(tmp_path, learned() + REPRESENTS)
    first, before = verified(spec, tmp_path / "store"), artifacts(tmp_path / "store")
    assert verified(spec, tmp_path / "store") == first
    assert artifacts(tmp_path / "store") == before


def test_another_claim_retrains_nothing(tmp_path: Path) -> None:
    store = tmp_path / "store"
    spec = sampled(tmp_path, DECIDED + learned() + REPRESENTS + GIVEN)
    first, before = verified(spec, store), artifacts(store)
    write(spec, spec.read_text() + "claim solves: accuracy(net) >= 0.9\n")
    second, after = verified(spec, store), artifacts(store)
    assert before.items() <= after.items()
    assert len(after) == len(before) + 1
    for old, new in zip(first["verdicts"], second["verdicts"], strict=False):
        assert old["parts"][0]["estimate"] == new["parts"][0]["estimate"]
        assert old["quantities"][0]["map"] == new["quantities"][0]["map"]


def test_claims_that_share_an_estimand_share_its_evaluation(tmp_path: Path) -> None:
    spec = small(
        tmp_path, DIFFERENCES + "".join(f"claim c{i}: iia(differences) >= 0.{i} exhaustively\n" for i in range(1, 5))
    )
    verified(spec, tmp_path / "store")
    assert len(artifacts(tmp_path / "store")) == 1


def _comment(spec: Path) -> Path:
    return write(spec, "# a comment\n" + spec.read_text().replace("claim", "   claim"))


def _claim_name(spec: Path) -> Path:
    return write(spec, spec.read_text().replace("represents:", "renamed:"))


def _documentation(spec: Path) -> Path:
    return write(spec, '"""What this file is about."""\n' + spec.read_text())


def _move(spec: Path) -> Path:
    moved = spec.parent.parent / "moved"
    shutil.move(spec.parent, moved)
    return moved / spec.name


def _checkpoint_name(spec: Path) -> Path:
    (spec.parent / "net.safetensors").rename(spec.parent / "weights.safetensors")
    return write(spec, spec.read_text().replace("net.safetensors", "weights.safetensors"))


def _file_name(spec: Path) -> Path:
    return spec.rename(spec.with_name("another.cspec"))


def _network_name(spec: Path) -> Path:
    return write(spec, spec.read_text().replace("network net", "network mlp").replace("-> net", "-> mlp"))


def _alignment_name(spec: Path) -> Path:
    return write(spec, spec.read_text().replace("align das", "align other").replace("iia(das)", "iia(other)"))


def _bound(spec: Path) -> Path:
    return write(spec, spec.read_text().replace("<= 0.1", "<= 0.05"))


@pytest.mark.parametrize(
    "change",
    [
        _comment,
        _claim_name,
        _documentation,
        _move,
        _checkpoint_name,
        _file_name,
        _network_name,
        _alignment_name,
        _bound,
    ],
)
def test_what_no_number_depends_on_is_in_no_key(tmp_path: Path, change: Callable[[Path], Path]) -> None:
    store = tmp_path / "store"
    spec = sampled(tmp_path / "folder", learned() + REPRESENTS)
    (first,) = verified(spec, store)["verdicts"]
    before = artifacts(store)
    (second,) = verified(change(spec), store)["verdicts"]
    assert artifacts(store) == before
    assert first["parts"][0]["estimate"] == second["parts"][0]["estimate"]
    assert first["quantities"][0]["map"] == second["quantities"][0]["map"]


# --- other content ---------------------------------------------------------------------------------------------------


def _seed(spec: Path) -> None:
    write(spec, spec.read_text() + "settings { seed: 1 }\n")


def _steps(spec: Path) -> None:
    write(spec, spec.read_text().replace("steps: 30", "steps: 31"))


def _restarts(spec: Path) -> None:
    write(spec, spec.read_text().replace("seeds: 2", "seeds: 1"))


def _site(spec: Path) -> None:
    write(spec, spec.read_text().replace("hidden[2]", "hidden[3]"))


def _size(spec: Path) -> None:
    write(spec, spec.read_text().replace("size 2000", "size 2500"))


def _weights(spec: Path) -> None:
    wire_many(spec.parent / "net.safetensors", scale=8.0)


@pytest.mark.parametrize("change", [_seed, _steps, _restarts, _site, _size, _weights])
def test_what_the_map_depends_on_is_in_its_key(tmp_path: Path, change: Callable[[Path], None]) -> None:
    store = tmp_path / "store"
    spec = sampled(tmp_path, learned() + REPRESENTS)
    verified(spec, store)
    before, old = artifacts(store), fits(store)
    change(spec)
    verified(spec, store)
    assert before.items() <= artifacts(store).items()
    assert len(old) == 1
    assert len(fits(store)) == 2


# --- artifacts -------------------------------------------------------------------------------------------------------


def test_a_saved_map_names_its_step_and_is_orthonormal(tmp_path: Path) -> None:
    align = "align das: both_equalities -> net { left, right at hidden[1] via rotation size 3\n"
    fit = "fit { steps: 30, batch: 64, seeds: 1 } }\n"
    claim = "claim left: iia(das.left) <= 0.1 exhaustively expect refuted\n"
    spec = small(tmp_path, align + fit + claim)
    (verdict,) = verified(spec, tmp_path / "store")["verdicts"]
    key = verdict["quantities"][0]["map"]
    (path,) = (tmp_path / "store" / "artifacts").rglob(f"{key}.safetensors")
    with safe_open(path, framework="pt") as file:
        assert file.metadata()["key"] == key
        (frame,) = (file.get_tensor(name) for name in file.keys())  # noqa: SIM118
    assert frame.shape == (8, 6)
    torch.testing.assert_close(frame.T @ frame, torch.eye(6), atol=1e-6, rtol=0)


@pytest.mark.parametrize("where", ["first byte", "metadata", "last byte", "cut short", "empty"])
def test_a_damaged_artifact_is_computed_again(tmp_path: Path, where: str) -> None:
    store = tmp_path / "store"
    spec = sampled(tmp_path, learned() + REPRESENTS)
    first = verified(spec, store)
    sound = content(store)
    for path in (store / "artifacts").rglob("*.safetensors"):
        data = path.read_bytes()
        flipped = {"first byte": 0, "metadata": data.index(b'"hash":"') + 8, "last byte": len(data) - 1}
        if where in flipped:
            path.write_bytes(data[: flipped[where]] + bytes([data[flipped[where]] ^ 1]) + data[flipped[where] + 1 :])
        else:
            path.write_bytes(data[: len(data) // 2 if where == "cut short" else 0])
        assert Store(store).load(path.stem) is None
    assert verified(spec, store) == first
    assert content(store) == sound


def test_an_artifact_under_another_key_is_not_believed(tmp_path: Path) -> None:
    store = tmp_path / "store"
    spec = small(tmp_path, DIFFERENCES + SOLVES + "claim left: iia(differences.left) == 1 exhaustively\n")
    first = verified(spec, store)
    one, two = (store / "artifacts").rglob("*.safetensors")
    shutil.copyfile(one, two)
    assert verified(spec, store) == first


def test_nothing_temporary_is_left(tmp_path: Path) -> None:
    spec = sampled(tmp_path, learned() + REPRESENTS)
    verified(spec, tmp_path / "store")
    names = {path.relative_to(tmp_path / "store").parts[0] for path in (tmp_path / "store").rglob("*")}
    assert names == {"artifacts", "results", "looks.jsonl", "decisions.jsonl"}
    assert not list(tmp_path.rglob(".*"))


@pytest.mark.parametrize("claim", [SOLVES, "claim given: iia(differences.left) >= 0.9 exhaustively\n"])
def test_a_store_that_cannot_be_written(tmp_path: Path, claim: str) -> None:
    spec = small(tmp_path, DIFFERENCES + claim)
    (tmp_path / "file").write_text("no folder")
    done = run("verify", spec, "--store", tmp_path / "file")
    assert done.status == 4
    assert "error[CS520]" in done.err
    assert "--store" in done.err
    assert (tmp_path / "file").read_text() == "no folder"


# --- looks -----------------------------------------------------------------------------------------------------------


def test_the_same_file_again_is_the_same_look(tmp_path: Path) -> None:
    store = tmp_path / "store"
    spec = sampled(tmp_path, DECIDED + GIVEN)
    assert grades(spec, store) == {"given": "statistical"}
    ledger = (store / "looks.jsonl").read_text()
    assert grades(spec, store) == {"given": "statistical"}
    assert (store / "looks.jsonl").read_text() == ledger


def test_a_changed_bound_is_a_second_look(tmp_path: Path) -> None:
    store = tmp_path / "store"
    spec = sampled(tmp_path, DECIDED + GIVEN)
    original = spec.read_text()
    assert grades(spec, store) == {"given": "statistical"}
    write(spec, original.replace(">= 0.9", ">= 0.8"))
    assert grades(spec, store) == {"given": "exploratory"}
    assert grades(spec, store) == {"given": "exploratory"}
    write(spec, original)
    assert grades(spec, store) == {"given": "statistical"}
    assert grades(spec, tmp_path / "fresh") == {"given": "statistical"}


def test_a_larger_size_continues_a_sequence(tmp_path: Path) -> None:
    """Too few items to tell 1 from .9999: with more only the new chunks are scored, and it is no second look."""
    store = tmp_path / "store"
    spec = sampled(tmp_path, DECIDED + "claim near: iia(decided.left) >= 0.9999 expect inconclusive(budget)\n")
    (first,) = verified(spec, store)["verdicts"]
    before = artifacts(store)
    write(spec, spec.read_text().replace("size 2000", "size 3000"))
    (second,) = verified(spec, store)["verdicts"]
    after = artifacts(store)
    for verdict, n in ((first, 400), (second, 600)):
        assert (verdict["reason"], verdict["grade"], verdict["parts"][0]["n"]) == ("budget", "statistical", n)
    assert before.items() <= after.items()
    scored = {key: len(tensors["values"]) for key, (tensors, _) in content(store).items() if "values" in tensors}
    assert sorted(scored.values()) == [256, 256, 256]  # at the looks of 256 and 400 items, and at that of 600
    assert sum(f"{key}.safetensors" in before for key in scored) == 2


def test_a_map_fitted_on_more_items_is_another_map_and_so_a_second_look(tmp_path: Path) -> None:
    store = tmp_path / "store"
    spec = sampled(tmp_path, learned() + REPRESENTS)
    assert grades(spec, store) == {"represents": "statistical"}
    write(spec, spec.read_text().replace("size 2000", "size 2500"))
    assert grades(spec, store) == {"represents": "exploratory"}


def test_the_same_content_decided_otherwise_is_unstable(tmp_path: Path) -> None:
    store = tmp_path / "store"
    spec = sampled(tmp_path, DECIDED + GIVEN)
    verified(spec, store)
    (line,) = (store / "decisions.jsonl").read_text().splitlines()
    (store / "decisions.jsonl").write_text(json.dumps(json.loads(line) | {"outcome": "refuted"}) + "\n")
    for _ in range(2):
        (verdict,) = verified(spec, store)["verdicts"]
        assert (verdict["outcome"], verdict["reason"]) == ("inconclusive", "unstable")
        assert verdict["notes"][-1].endswith("holds, refuted")


def test_a_claim_that_is_added_later_looks_a_second_time_and_the_first_one_does_not(tmp_path: Path) -> None:
    store = tmp_path / "store"
    spec = sampled(tmp_path, DECIDED + GIVEN)
    assert grades(spec, store) == {"given": "statistical"}
    write(spec, spec.read_text() + "claim later: iia(decided) >= 0.95\n")
    assert grades(spec, store) == {"given": "statistical", "later": "exploratory"}


def test_claims_of_one_file_look_together(tmp_path: Path) -> None:
    spec = sampled(tmp_path, DECIDED + GIVEN + "claim too: iia(decided) >= 0.95\n")
    assert grades(spec, tmp_path / "store") == {"given": "statistical", "too": "statistical"}


def test_other_weights_and_other_seeds_are_looked_at_for_the_first_time(tmp_path: Path) -> None:
    store = tmp_path / "store"
    spec = sampled(tmp_path, DECIDED + GIVEN)
    assert grades(spec, store) == {"given": "statistical"}
    wire_many(tmp_path / "net.safetensors", scale=8.0)
    write(spec, SAMPLED_HEAD + DECIDED + GIVEN.replace("0.9", "0.8"))
    assert grades(spec, store) == {"given": "statistical"}
    write(spec, spec.read_text() + "settings { seed: 1 }\n")
    assert grades(spec, store) == {"given": "statistical"}


def test_a_whole_domain_may_be_looked_at_again_and_again(tmp_path: Path) -> None:
    store = tmp_path / "store"
    spec = small(tmp_path, DIFFERENCES + "claim left: iia(differences.left) >= 0.9 exhaustively\n")
    assert grades(spec, store) == {"left": "exhaustive"}
    write(spec, spec.read_text().replace(">= 0.9", ">= 0.8"))
    assert grades(spec, store) == {"left": "exhaustive"}
    assert not (store / "looks.jsonl").exists()


def test_a_ledger_line_that_was_cut_short_is_passed_over(tmp_path: Path) -> None:
    store = tmp_path / "store"
    spec = sampled(tmp_path, DECIDED + GIVEN)
    assert grades(spec, store) == {"given": "statistical"}
    with (store / "looks.jsonl").open("a") as ledger:
        ledger.write('{"plan": "abc", "chu\n[]\n')
    assert grades(spec, store) == {"given": "statistical"}
    write(spec, spec.read_text().replace(">= 0.9", ">= 0.8"))
    assert grades(spec, store) == {"given": "exploratory"}


def test_a_look_after_a_line_that_was_cut_short_is_not_lost(tmp_path: Path) -> None:
    spec = sampled(tmp_path, DECIDED + "claim c: iia(decided) >= 0.9\n")
    run("verify", spec, "--store", tmp_path / "store")
    ledger = tmp_path / "store" / "looks.jsonl"
    with ledger.open("ab") as file:
        file.write(b'{"plan": "abc", "chu\xff')
    sampled(tmp_path, DECIDED + "claim c: iia(decided) >= 0.8\n")
    assert "[exploratory]" in run("verify", spec, "--store", tmp_path / "store").out
    sampled(tmp_path, DECIDED + "claim c: iia(decided) >= 0.7\n")
    assert "[exploratory]" in run("verify", spec, "--store", tmp_path / "store").out
    assert len([line for line in ledger.read_bytes().splitlines() if line.endswith(b"}")]) == 3


def test_a_ledger_that_cannot_be_read_is_the_environments_fault(tmp_path: Path) -> None:
    spec = sampled(tmp_path, DECIDED + "claim c: iia(decided) >= 0.9\n")
    (tmp_path / "store" / "looks.jsonl").mkdir(parents=True)
    done = run("verify", spec, "--store", tmp_path / "store")
    assert done.status == 4
    assert "error[CS520]" in done.err


def test_results_may_be_read_by_others(tmp_path: Path) -> None:
    spec = sampled(tmp_path, DECIDED + "claim c: iia(decided) >= 0.9\n")
    run("verify", spec, "--store", tmp_path / "store")
    files = [p for p in (tmp_path / "store").rglob("*") if p.is_file() and p.name != "looks.jsonl"]
    assert files
    assert all(path.stat().st_mode & 0o044 == 0o044 for path in files)
