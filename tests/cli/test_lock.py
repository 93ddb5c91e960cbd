"""`cspec lock` and `verify --locked`: content decides, what changed is said in words, and results know their lock."""

import json
import shutil
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cspec
import pytest
from cspec.cli.documents import Document
from cspec.compiler.keys import content_key, file_hash

from .tools import DECIDED, DIFFERENCES, SOLVES, learned, run, sampled, small, spawn, wire_many, write

CLAIMS = """
claim low: iia(das) <= 0.1 expect refuted
claim given: iia(decided) >= 0.9
claim solves: accuracy(net) >= 0.97
"""
GIVEN = "claim given: iia(decided) >= 0.9\n"
WHOLE = DIFFERENCES + SOLVES + "claim left: iia(differences.left) >= 0.9 exhaustively\n"


def lock_of(spec: Path) -> Path:
    return spec.with_name(f"{spec.name}.lock")


def locked(folder: Path) -> Path:
    """A spec with a learned map, a given one and an accuracy, and its lock."""
    spec = sampled(folder, DECIDED + learned() + CLAIMS)
    assert run("lock", spec).status == 0
    return spec


@pytest.fixture(scope="module")
def lock(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return lock_of(locked(tmp_path_factory.mktemp("lock"))).read_bytes()


@pytest.fixture
def spec(tmp_path: Path, lock: bytes) -> Path:
    """The same beside its lock, which is the same in every folder."""
    found = sampled(tmp_path, DECIDED + learned() + CLAIMS)
    lock_of(found).write_bytes(lock)
    return found


def replaced(spec: Path, old: str, new: str) -> None:
    text = spec.read_text()
    assert old in text
    write(spec, text.replace(old, new))


def changes(spec: Path) -> list[str]:
    """What `lock --check` says has changed; the commands agree that something has, and leave the lock alone."""
    before = lock_of(spec).read_bytes()
    checked, again, refused = (
        run(*c, spec, "--json") for c in (("lock", "--check"), ("lock",), ("verify", "--locked"))
    )
    for done in (checked, again, refused):
        assert done.status == 2
        (problem,) = [d for d in done.document["diagnostics"] if d["severity"] == "error"]
        assert problem["code"] == "CS451"
    assert lock_of(spec).read_bytes() == before
    assert not (spec.parent / ".cspec").exists()
    notes: list[str] = problem["notes"]
    return notes


# --- the file --------------------------------------------------------------------------------------------------------


def test_the_lock_is_sorted_readable_and_made_of_its_sections(tmp_path: Path, spec: Path) -> None:
    text = lock_of(spec).read_text(encoding="utf-8")
    found = json.loads(text)
    assert text == json.dumps(found, sort_keys=True, indent=2, ensure_ascii=False) + "\n"
    assert found["hash"] == content_key("lock", 1, sections=found["sections"])
    assert set(found["sections"]) == {
        *("claim low", "claim given", "claim solves", "laws", "recipes", "settings", "weights")
    }
    content = found["content"]
    assert content["claims"]["low"]["parts"] == ["-[1] >= -1/10"]
    assert content["claims"]["low"]["expectation"] == "refuted"
    assert content["claims"]["low"]["estimands"][0]["fit"]["settings"]["steps"] == 30
    assert content["claims"]["given"]["estimands"][0]["items"]["count"] == 400
    assert content["recipes"]["main"]["shares"] == [0.6, 0.2, 0.2]
    assert content["settings"]["seed"] == 0
    assert content["weights"] == {"net": {"file": "net.safetensors", "sha256": file_hash(tmp_path / "net.safetensors")}}


def test_no_version_of_a_library_and_no_path_is_in_it(tmp_path: Path) -> None:
    text = lock_of(locked(tmp_path)).read_text()
    for foreign in (str(tmp_path), "torch", "pyvene", "threads", version("torch"), version("numpy"), version("pyvene")):
        assert foreign not in text


def test_locking_again_changes_no_byte(tmp_path: Path, spec: Path) -> None:
    before = lock_of(spec).read_bytes()
    assert run("verify", spec).status == 0
    done = run("lock", spec)
    assert (done.status, done.err) == (0, "")
    assert "fits the spec, left as it is" in done.out
    assert run("lock", spec, "--update").status == 0
    assert lock_of(spec).read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".partial")] == []


def test_two_folders_give_the_same_bytes(tmp_path: Path) -> None:
    one, two = locked(tmp_path / "one"), locked(tmp_path / "two")
    assert lock_of(one).read_bytes() == lock_of(two).read_bytes()


def test_locking_loads_no_torch(tmp_path: Path) -> None:
    spec = sampled(tmp_path, DECIDED + learned() + CLAIMS)
    code = (
        "import sys; from cspec.cli.main import main; status = main(['lock', sys.argv[1]]);"
        "assert 'torch' not in sys.modules; sys.exit(status)"
    )
    assert spawn("-c", code, spec, cwd=tmp_path).status == 0
    assert lock_of(spec).exists()


# --- content decides -------------------------------------------------------------------------------------------------


def _comments(spec: Path) -> None:
    write(spec, '"""About this file."""\n# a comment\n' + spec.read_text().replace("claim", "\n\n  claim"))


def _doc(spec: Path) -> None:
    replaced(spec, "claim given", '"""What it says."""\nclaim given')


def _defaults(spec: Path) -> None:
    """Defaults that the file relies on, written out."""
    replaced(spec, "size 2000", "size 2_000 split 0.6 0.2 0.2")
    write(spec, spec.read_text() + "settings { confidence: 0.95 seed: 0 controls { random: 5 share: 0.5 } }\n")


def _dims(spec: Path) -> None:
    replaced(spec, "at hidden[2] via", "at hidden[2][0..1] via")


def _bound(spec: Path) -> None:
    replaced(spec, ">= 0.9\n", ">= 0.900\n")


def _sides(spec: Path) -> None:
    replaced(spec, "iia(decided) >= 0.9\n", "0.9 <= iia(decided)\n")


def _order(spec: Path) -> None:
    text = spec.read_text().replace(DECIDED, "").replace("claim low: iia(das) <= 0.1 expect refuted\n", "")
    write(spec, "claim low: iia(das) <= 0.1 expect refuted\n" + DECIDED + text)


def _names(spec: Path) -> None:
    text = spec.read_text().replace("network net", "network mlp").replace("-> net", "-> mlp")
    text = text.replace("accuracy(net)", "accuracy(mlp)").replace("das", "other").replace("both_equalities", "m")
    write(spec, text.replace("pairs main", "pairs others"))


def _checkpoint(spec: Path) -> None:
    (spec.parent / "net.safetensors").rename(spec.parent / "weights.safetensors")
    replaced(spec, "net.safetensors", "weights.safetensors")


def _unused(spec: Path) -> None:
    shutil.copyfile(spec.parent / "net.safetensors", spec.parent / "spare.safetensors")
    write(spec, spec.read_text() + 'network spare = torch("spare.safetensors")\n')


SAME = [_comments, _doc, _defaults, _dims, _bound, _sides, _order, _names, _checkpoint, _unused]


@pytest.mark.parametrize("change", SAME)
def test_what_decides_no_verdict_does_not_change_the_lock(spec: Path, change: Callable[[Path], None]) -> None:
    before = lock_of(spec).read_bytes()
    change(spec)
    done = run("lock", spec, "--check")
    assert (done.status, "fits the spec" in done.out) == (0, True), done.err
    assert run("lock", spec).status == 0
    assert lock_of(spec).read_bytes() == before


CHANGES = [
    (">= 0.9\n", ">= 0.8\n", "`given` changed: its parts (`iia(decided) >= 9/10` before, `iia(decided) >= 4/5` now)"),
    ("<= 0.1", "<= 0.2", "`low` changed: its parts (`-iia(das) >= -1/10` before, `-iia(das) >= -1/5` now)"),
    (" expect refuted", "", "`low` changed: its expectation (refuted before, holds now)"),
    (
        ">= 0.9\n",
        ">= 0.9 at confidence 0.99\n",
        "`given` changed: its share of the error budget (0.01667 before, 0.01 now)",
    ),
    ("left, right at hidden[2]", "left, right at hidden[3]", "`low` changed: its sites or maps"),
    ("hidden[2][0] via", "hidden[3][0] via", "`given` changed: its sites or maps"),
    ("steps: 30", "steps: 31", "`low` changed: its fit (`steps` 30 before, 31 now)"),
    ("seeds: 2", "seeds: 3", "`low` changed: its fit (`seeds` 2 before, 3 now)"),
    ("0.97", "0.97 exhaustively", "`solves` changed: whether it is decided exhaustively, its items"),
    ("iia(decided) >=", "iia(decided.left) >=", "`given` changed: its items"),
    ("accuracy(net)", "accuracy(random(net))", "`solves` changed: what it measures"),
]


@pytest.mark.parametrize(("old", "new", "words"), CHANGES)
def test_what_changed_is_said(spec: Path, old: str, new: str, words: str) -> None:
    replaced(spec, old, new)
    assert changes(spec) == [f"claim {words}"]


def test_a_claim_with_another_name_is_another_claim(spec: Path) -> None:
    replaced(spec, "claim given", "claim taken")
    assert changes(spec) == ["claim `given` is gone", "claim `taken` is new"]


def test_a_stated_default_of_a_fit_is_the_default(tmp_path: Path) -> None:
    align = "align das: both_equalities -> net { left, right at hidden[2] via rotation size 1 %s }\n"
    spec = sampled(tmp_path, align % "" + "claim low: iia(das) <= 0.1 expect refuted\n")
    assert run("lock", spec).status == 0
    replaced(spec, "size 1  }", "size 1 fit { steps: 2000, batch: 512, rate: 0.01, seeds: 3, patience: 10 } }")
    assert run("lock", spec, "--check").status == 0


def test_where_a_site_is_searched_and_what_is_counted_are_locked(tmp_path: Path) -> None:
    align = "align das: both_equalities -> net { left, right in hidden[2..3] via rotation size 1 }\n"
    spec = sampled(
        tmp_path, align + DECIDED + "claim low: iia(das) <= 0.1 expect refuted\n" + CLAIMS.split("\n")[2] + "\n"
    )
    assert run("lock", spec).status == 0
    original = spec.read_text()
    write(spec, original.replace("hidden[2..3]", "hidden[1..3]"))
    assert changes(spec) == ["claim `low` changed: its sites or maps"]
    write(spec, original.replace("iia(decided)", "cause(decided)"))
    (said,) = changes(spec)
    assert said.startswith("claim `given` changed: ")
    assert "what it measures" in said or "its items" in said
    write(spec, original.replace("iia(das)", "iia(das via probe size 1)"))
    assert changes(spec) == ["claim `low` changed: its sites or maps"]


def test_the_network_that_a_carried_map_was_found_on_is_locked(tmp_path: Path) -> None:
    wire_many(tmp_path / "later.safetensors", scale=8.0)
    align = 'network later = torch("later.safetensors")\n' + learned()
    spec = sampled(tmp_path, align + "claim carried: iia(das frozen on later) <= 0.1 expect refuted\n")
    assert run("lock", spec).status == 0
    wire_many(tmp_path / "net.safetensors", scale=2.0)
    assert changes(spec) == ["weights of `net` changed"]
    wire_many(tmp_path / "later.safetensors", scale=2.0)
    assert changes(spec) == ["weights of `later` changed", "weights of `net` changed"]
    replaced(spec, "frozen on", "on")
    assert changes(spec)[-1].startswith("claim `carried` changed: ")


def test_a_seed_a_confidence_and_a_recipe_are_said_once(spec: Path) -> None:
    original = spec.read_text()
    write(spec, original + "settings { seed: 1 }\n")
    assert changes(spec) == ["settings changed: `seed` (0 before, 1 now)"]
    write(spec, original + "settings { confidence: 0.9 }\n")
    assert changes(spec)[0] == "settings changed: `confidence` (0.95 before, 0.9 now)"
    write(spec, original.replace("size 2000", "size 2000 split 0.5 0.25 0.25"))
    found = changes(spec)
    assert found[0] == "the recipe `main` changed: its shares"
    assert "claim `given` changed: its items (400 before, 500 now)" in found
    write(spec, original.replace("size 2000", "size 2000 holdout w in 40..63"))
    assert changes(spec)[0] == "the recipe `main` changed: its held-out values"
    write(spec, original.replace("size 2000", "size 2000 where base.w != source.w"))
    assert changes(spec)[0] == "the recipe `main` changed: its conditions"
    write(spec, original)
    assert run("lock", spec, "--check").status == 0


def test_other_bytes_of_the_weights_are_said_of_the_weights_alone(tmp_path: Path, spec: Path) -> None:
    wire_many(tmp_path / "net.safetensors", scale=8.0)
    assert changes(spec) == ["weights of `net` changed"]
    wire_many(tmp_path / "net.safetensors")
    assert run("lock", spec, "--check").status == 0


def test_a_claim_that_is_added_changes_every_share_of_the_error_budget(spec: Path) -> None:
    write(spec, spec.read_text() + "claim more: iia(decided.left) >= 0.9\n")
    share = "its share of the error budget (0.01667 before, 0.0125 now)"
    assert changes(spec) == [f"claim `{name}` changed: {share}" for name in ("low", "given", "solves")] + [
        "claim `more` is new"
    ]


def test_the_diagnostic_stands_at_the_claim_that_changed(spec: Path) -> None:
    replaced(spec, ">= 0.9\n", ">= 0.8\n")
    done = run("lock", spec)
    assert (done.status, done.out) == (2, "")
    assert "error[CS451]: `spec.cspec.lock` locks another criterion than the spec states" in done.err
    assert "claim given: iia(decided) >= 0.8\n" in done.err
    assert "= help: undo what changed, or lock the spec as it is now with `cspec lock --update`" in done.err
    assert run("lock", spec, "--update").status == 0
    assert run("lock", spec, "--check").status == 0


# --- verify ----------------------------------------------------------------------------------------------------------


def result(spec: Path, *options: str) -> dict[str, Any]:
    found: dict[str, Any] = run("verify", spec, "--json", *options).document["result"]
    return found


def test_locked_refuses_a_spec_without_a_lock_and_runs_nothing(tmp_path: Path) -> None:
    spec = small(tmp_path, WHOLE)
    done = run("verify", spec, "--locked")
    assert (done.status, done.out) == (2, "")
    assert "error[CS450]: expected a lock `spec.cspec.lock` beside the spec, found none" in done.err
    assert not (tmp_path / ".cspec").exists()
    missing = run("lock", spec, "--check")
    assert (missing.status, "error[CS450]" in missing.err) == (2, True)
    with pytest.raises(cspec.SpecError, match="CS450"):
        cspec.verify(spec, locked=True)


def test_a_result_keeps_the_lock_that_was_there_before_it(tmp_path: Path) -> None:
    spec = small(tmp_path, WHOLE)
    assert run("lock", spec).status == 0
    lock = json.loads(lock_of(spec).read_text())
    assert not lock["after_results"]
    done = run("verify", spec, "--locked")
    assert (done.status, done.err) == (0, "")
    said = f"locked as {lock['hash'][:12]}, before any result"
    assert done.out.endswith(f"\ncriterion: {said}\nexpectations: 2 met\n")
    (stored,) = (tmp_path / ".cspec" / "results").iterdir()
    assert json.loads(stored.read_text())["lock"] == lock["hash"]
    assert cspec.verify(spec, locked=True).lock == lock["hash"]
    noted = result(spec)
    assert (noted["lock"], noted["criterion"]) == (lock["hash"], said)


def test_a_result_without_a_lock_says_so(tmp_path: Path) -> None:
    spec = small(tmp_path, WHOLE)
    assert run("verify", spec).out.endswith("\ncriterion: not locked\nexpectations: 2 met\n")
    found = result(spec)
    assert (found["lock"], found["criterion"]) == (None, "not locked")


def test_a_lock_that_does_not_fit_is_noted(tmp_path: Path) -> None:
    spec = small(tmp_path, WHOLE)
    assert run("lock", spec).status == 0
    replaced(spec, ">= 0.9", ">= 0.8")
    found = result(spec)
    assert found["lock"] is None
    assert found["criterion"] == (
        "not locked: `spec.cspec.lock` does not match: claim `left` changed: its parts"
        " (`iia(differences.left) >= 9/10` before, `iia(differences.left) >= 4/5` now)"
    )
    assert max(map(len, run("verify", spec).out.splitlines())) <= 80


@pytest.mark.parametrize("body", [WHOLE, None], ids=["whole domain", "sampled"])
def test_a_lock_that_was_written_after_results_says_so(tmp_path: Path, body: str | None) -> None:
    spec = sampled(tmp_path, DECIDED + GIVEN) if body is None else small(tmp_path, body)
    assert run("verify", spec, "--store", tmp_path / "store").status == 0
    done = run("lock", spec, "--store", tmp_path / "store")
    assert done.out.endswith(", but after results were known\n")
    assert json.loads(lock_of(spec).read_text())["after_results"]
    assert result(spec)["criterion"].endswith(", but after results were known")
    # a lock knows the store that it looks into, and no other
    lock_of(spec).unlink()
    assert run("lock", spec, "--store", tmp_path / "fresh").out.endswith(", before any result\n")


@pytest.mark.parametrize("body", [WHOLE, None], ids=["whole domain", "sampled"])
def test_another_bound_after_a_look_is_after_results_and_other_weights_are_not(
    tmp_path: Path, body: str | None
) -> None:
    spec = sampled(tmp_path, DECIDED + GIVEN) if body is None else small(tmp_path, body)
    assert run("verify", spec).status == 0
    replaced(spec, ">= 0.9", ">= 0.8")
    assert run("lock", spec).out.endswith(", but after results were known\n")
    if body is None:
        wire_many(tmp_path / "net.safetensors", scale=8.0)
    else:
        data = (tmp_path / "net.safetensors").read_bytes()
        (tmp_path / "net.safetensors").write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert run("lock", spec, "--update").out.endswith(", before any result\n  weights of `net` changed\n")


# --- bad locks -------------------------------------------------------------------------------------------------------


def _edited(text: str) -> str:
    return text.replace('"-[1] >= -1/10"', '"-[1] >= -1/5"')


BAD: dict[str, tuple[Callable[[str], str | bytes], str, str]] = {
    "no JSON": (lambda text: text[: len(text) // 2], "CS452", "it is no JSON"),
    "not UTF-8": (lambda text: b"\xff\xfe", "CS452", "it is no JSON"),
    "foreign": (lambda text: '{"name": "left-pad", "lockfileVersion": 2}\n', "CS452", "it is no lock"),
    "a list": (lambda text: "[]\n", "CS452", "it is no lock"),
    "another format": (lambda text: text.replace('"format": 1', '"format": 2'), "CS453", "expected format 1, found 2"),
    "an entry missing": (lambda text: text.replace('"laws": {', '"lores": {', 1), "CS452", "of another kind"),
    "edited": (_edited, "CS452", "its hashes do not fit its content: it was edited"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(BAD))
def test_a_lock_that_cannot_be_used(tmp_path: Path, spec: Path, name: str) -> None:
    spoil, code, reason = BAD[name]
    sound = lock_of(spec).read_bytes()
    spoiled = spoil(sound.decode())
    lock_of(spec).write_bytes(spoiled if isinstance(spoiled, bytes) else spoiled.encode())
    assert lock_of(spec).read_bytes() != sound
    for command in (("lock",), ("lock", "--check"), ("verify", "--locked")):
        done = run(*command, spec)
        assert done.status == 2
        assert f"error[{code}]: the lock `spec.cspec.lock` cannot be used: " in done.err
        assert reason in done.err
        assert "Traceback" not in done.err
    found = result(spec)
    assert found["lock"] is None
    assert found["criterion"].startswith("not locked: `spec.cspec.lock` cannot be used: ")
    shutil.rmtree(tmp_path / ".cspec")
    assert run("lock", spec, "--update").status == 0
    assert lock_of(spec).read_bytes() == sound


def test_a_folder_in_the_locks_place(tmp_path: Path) -> None:
    spec = small(tmp_path, WHOLE)
    lock_of(spec).mkdir()
    done = run("lock", spec)
    assert (done.status, "error[CS452]" in done.err) == (2, True)
    done = run("lock", spec, "--update", "--json")
    assert (done.status, [d["code"] for d in done.document["diagnostics"]]) == (4, ["CS522"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net.safetensors", "spec.cspec", "spec.cspec.lock"]


def test_a_spec_without_claims(tmp_path: Path) -> None:
    done = run("lock", small(tmp_path, DIFFERENCES))
    assert (done.status, "error[CS435]: expected a claim, found none: there is nothing to lock" in done.err) == (
        2,
        True,
    )


def test_a_missing_spec_and_two_modes_at_once(tmp_path: Path) -> None:
    assert run("lock", tmp_path / "absent.cspec").status == 64
    assert run("lock", small(tmp_path, WHOLE), "--check", "--update").status == 64


def test_json(spec: Path) -> None:
    for options in ((), ("--check",), ("--update",)):
        done = run("lock", spec, "--json", *options)
        document = Document.model_validate(done.document)
        assert (done.status, document.command, document.files) == (0, "lock", [str(lock_of(spec))])
        assert done.document["lock"] == json.loads(lock_of(spec).read_text())
