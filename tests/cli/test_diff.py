"""`cspec diff`: which verdicts changed, and by how much each estimand moved, against numbers known beforehand."""

import json
import shutil
from math import log, sqrt
from pathlib import Path
from typing import Any

import cspec
import numpy as np
import pytest
from cspec.compiler.plan import ItemsStep
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from scipy.optimize import brentq

from .diffs import diff
from .tools import DECIDED, DIFFERENCES, GALLERY, SOLVES, rewrite_tensor, run, sampled, small, spawn, wire_many, write

SOLVED = "claim solves: accuracy(net) >= 0.9\n"
GIVEN = "claim given: iia(decided) >= 0.9\n"
LEFT = "claim left: iia(differences.left) >= 0.9 exhaustively\n"


def stored(spec: Path) -> set[Path]:
    return set((spec.parent / ".cspec" / "results").glob("*.json"))


def verified(spec: Path) -> Path:
    """Run a spec for the first time as it is now; returns the file of its result."""
    before = stored(spec)
    done = run("verify", spec)
    assert done.status in (0, 1, 3), done.err
    (fresh,) = stored(spec) - before
    return fresh


def blur(path: Path) -> None:
    """This month's checkpoint: a network that no longer sees the highest bit of a symbol, 32..63 as 0..31."""
    with path.open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    tensors = load_file(path)
    tensors["embed.weight"] = np.concatenate([tensors["embed.weight"][:32]] * 2)
    save_file(tensors, path, metadata=header["__metadata__"])


def blurred_wrong(spec: Path, n: int) -> list[bool]:
    """On which of the first n test inputs the blurred network must be wrong, computed without it."""
    (items,) = (
        s for s in cspec.compile(spec).steps() if isinstance(s, ItemsStep) and not s.population.recipe.variables
    )
    bases: NDArray[np.int64] = items.population.draw("test", n).items.bases
    w, x, y, z = bases.T
    seen = bases % 32
    answer = (seen[:, 0] == seen[:, 1]) == (seen[:, 2] == seen[:, 3])
    wrong: list[bool] = (answer != ((w == x) == (y == z))).tolist()
    return wrong


def log_capital(values: list[float], mean: float, alpha: float) -> float:
    """What one has in the end who bets, on item after item, that the mean of values in 0 .. 1 lies above `mean`."""
    capital, total, spread, variance = 0.0, 0.5, 0.25, 0.25
    for t, value in enumerate(values, 1):
        bet = min(sqrt(2 * log(2 / alpha) / (variance * t * log(1 + t))), 0.5 / mean)
        capital += log(1 + bet * (value - mean))
        total += value
        spread += (value - total / (t + 1)) ** 2
        variance = spread / (t + 1)
    return capital


def betting(differences: list[int], alpha: float) -> tuple[float, float]:
    """The interval of the mean of differences of 0/1 scores (Waudby-Smith and Ramdas 2023), item by item."""

    def low_end(values: list[float]) -> float:
        return float(brentq(lambda mean: log_capital(values, mean, alpha) - log(2 / alpha), 1e-9, 1 - 1e-9))

    scaled = [(difference + 1) / 2 for difference in differences]
    return 2 * low_end(scaled) - 1, 1 - 2 * low_end([1 - value for value in scaled])


# --- whole domains: exact fractions ----------------------------------------------------------------------------------


def test_a_broken_checkpoint_moves_whole_domains_exactly(tmp_path: Path) -> None:
    spec = small(tmp_path, DIFFERENCES + SOLVES + LEFT)
    before = verified(spec)
    rewrite_tensor(tmp_path / "net.safetensors", "head.weight", np.zeros((2, 2)))
    found = diff(before, verified(spec))
    assert found["status"] == 1
    solves, left = found["claims"]
    # a network that says `true` throughout is right on 4*4 + 12*12 of 16*16 inputs
    (move,) = solves["moves"]
    assert (move["how"], move["before"], move["after"], move["difference"]) == ("exact", 1.0, 0.625, -0.375)
    assert (move["low"], move["high"], move["confidence"]) == (-0.375, -0.375, None)
    assert solves["before"] == {"outcome": "holds", "reason": None, "grade": "exhaustive"}
    assert solves["after"]["outcome"] == "refuted"
    assert left["after"] == {"outcome": "inconclusive", "reason": "task_not_solved", "grade": "exhaustive"}
    assert solves["changed"]
    assert "solves: holds [exhaustive] -> refuted [exhaustive]\n" in found["text"]
    assert "  accuracy(net): 1.0000 -> 0.6250, moved by -0.3750 exactly\n" in found["text"]
    assert "left: holds [exhaustive] -> inconclusive(task_not_solved) [exhaustive]\n" in found["text"]
    assert found["text"].startswith("2 of 2 verdicts changed\n")


def test_nothing_changed(tmp_path: Path) -> None:
    spec = small(tmp_path, DIFFERENCES + SOLVES + LEFT)
    result = verified(spec)
    copy = tmp_path / "copy.json"
    shutil.copyfile(result, copy)
    found = diff(result, copy)
    assert (found["status"], [c["changed"] for c in found["claims"]]) == (0, [False, False])
    assert found["text"].startswith("0 of 2 verdicts changed\n")
    assert (
        "left: holds [exhaustive], as before\n  iia(differences.left): 1.0000 -> 1.0000, exactly as before\n"
        in (found["text"])
    )


def test_a_changed_bound_is_said_and_changes_the_verdict(tmp_path: Path) -> None:
    """The gallery's wrong alignment scores 26/51 exactly."""
    for name in ("exchanged.cspec", "handwired_equality.safetensors"):
        shutil.copyfile(GALLERY / name, tmp_path / name)
    spec = tmp_path / "exchanged.cspec"
    before = verified(spec)
    write(spec, spec.read_text().replace(">= 0.9 exhaustively expect refuted", ">= 0.5 exhaustively"))
    found = diff(before, verified(spec))
    assert found["status"] == 1
    claims = {claim["name"]: claim for claim in found["claims"]}
    assert claims["wrong"]["bounds"] == ["`iia(exchanged)` claimed >= 0.9 before, >= 0.5 after"]
    assert [name for name, claim in claims.items() if claim["changed"] or claim["bounds"]] == ["wrong"]
    assert found["text"].index("wrong: refuted") < found["text"].index("solves: holds")
    assert "  iia(exchanged): 0.5098 -> 0.5098, exactly as before\n" in found["text"]


def test_claims_and_estimands_of_one_side_alone(tmp_path: Path) -> None:
    spec = small(tmp_path, DIFFERENCES + SOLVES + LEFT + "claim gone: accuracy(net) >= 0.5 exhaustively\n")
    before = verified(spec)
    text = (
        spec.read_text().replace("claim gone", "claim fresh").replace("iia(differences.left) >=", "iia(differences) >=")
    )
    write(spec, text)
    found = diff(before, verified(spec))
    assert (found["status"], found["only_before"], found["only_after"]) == (0, ["gone"], ["fresh"])
    left = found["claims"][1]
    assert (left["moves"], left["only_before"], left["only_after"]) == (
        [],
        ["iia(differences.left)"],
        ["iia(differences)"],
    )
    assert left["bounds"] == ["`iia(differences) >= 0.9` is new", "`iia(differences.left) >= 0.9` is gone"]
    assert found["text"].endswith("\nonly before: gone\nonly after: fresh\n")


# --- samples ---------------------------------------------------------------------------------------------------------


def test_two_checkpoints_on_the_same_items_are_paired(tmp_path: Path) -> None:
    """Every item on which the blurred network is wrong, and no other, moves: n10 = 0, n01 known beforehand."""
    spec = sampled(tmp_path, DECIDED + SOLVED + GIVEN)
    before = verified(spec)
    blur(tmp_path / "net.safetensors")
    after = verified(spec)
    found = diff(before, after)
    (move,) = found["claims"][0]["moves"]
    n = move["n"]
    wrong = blurred_wrong(spec, n)
    down = sum(wrong)
    assert 0 < down < n
    assert move["how"] == "paired"
    assert move["confidence"] == pytest.approx(1 - 2 * 0.025)
    assert move["difference"] == -down / n
    assert (move["low"], move["high"]) == pytest.approx(betting([-one for one in wrong], 2 * 0.025), abs=1e-6)
    assert f"paired on {n:,} items" in found["text"]
    # the same numbers from the spec's own newest result and from a key's first digits
    assert diff(f"{spec}@{before.stem[-16:-8]}", spec)["claims"] == found["claims"]


def test_without_the_scores_both_intervals_are_added(tmp_path: Path) -> None:
    spec = sampled(tmp_path, DECIDED + SOLVED)
    before = verified(spec)
    blur(tmp_path / "net.safetensors")
    after = verified(spec)
    rows = [json.loads(path.read_text())["verdicts"][0]["quantities"][0] for path in (before, after)]
    (paired,) = diff(before, after)["claims"][0]["moves"]
    shutil.rmtree(tmp_path / ".cspec" / "artifacts")
    found = diff(before, after)
    (move,) = found["claims"][0]["moves"]
    assert (move["how"], move["why"], move["n"]) == ("not paired", "the store has the scores no longer", None)
    assert move["difference"] == rows[1]["estimate"] - rows[0]["estimate"]
    assert (move["low"], move["high"]) == (rows[1]["low"] - rows[0]["high"], rows[1]["high"] - rows[0]["low"])
    assert move["low"] <= paired["difference"] <= move["high"]


def test_a_longer_sample_is_paired_on_the_common_prefix(tmp_path: Path) -> None:
    spec = sampled(tmp_path, SOLVED)
    before = verified(spec)
    blur(tmp_path / "net.safetensors")
    write(spec, spec.read_text().replace("size 2000", "size 3000"))
    found = diff(before, verified(spec))
    (move,) = found["claims"][0]["moves"]
    rows = json.loads(before.read_text())["verdicts"][0]["quantities"]
    assert (move["how"], move["n"]) == ("paired", rows[0]["n"])
    assert move["difference"] == -sum(blurred_wrong(spec, move["n"])) / move["n"]


def test_other_items_are_not_paired(tmp_path: Path) -> None:
    spec = sampled(tmp_path, SOLVED)
    before = verified(spec)
    write(spec, spec.read_text() + "settings { seed: 1 }\n")
    (move,) = diff(before, verified(spec))["claims"][0]["moves"]
    assert (move["how"], move["why"], move["difference"]) == ("not paired", "other items", 0.0)


def test_the_same_scores_under_another_bound_did_not_move_and_the_grade_is_a_change(tmp_path: Path) -> None:
    spec = sampled(tmp_path, DECIDED + GIVEN)
    before = verified(spec)
    write(spec, spec.read_text().replace(">= 0.9", ">= 0.8"))
    found = diff(before, verified(spec))
    (claim,) = found["claims"]
    assert (claim["before"]["grade"], claim["after"]["grade"], found["status"]) == ("statistical", "exploratory", 1)
    (move,) = claim["moves"]
    assert (move["how"], move["difference"], move["confidence"]) == ("same", 0.0, None)
    assert "given: holds [statistical] -> holds [exploratory]\n" in found["text"]


def test_one_measurement_on_more_items_did_not_move(tmp_path: Path) -> None:
    """The lower bound is decided at 256 items, the higher one on all of them; the estimates differ by chance alone."""
    spec = sampled(tmp_path, SOLVED.replace("0.9", "0.5"))
    blur(tmp_path / "net.safetensors")
    before = verified(spec)
    write(spec, spec.read_text().replace(">= 0.5", ">= 0.98"))
    after = verified(spec)
    found = diff(before, after)
    rows = [json.loads(path.read_text())["verdicts"][0]["quantities"][0] for path in (before, after)]
    assert rows[0]["n"] < rows[1]["n"]
    (move,) = found["claims"][0]["moves"]
    assert move["before"] != move["after"]
    assert (move["how"], move["difference"]) == ("same", 0.0)
    assert "one measurement, of which one result used more items" in " ".join(found["text"].split())


def test_scores_of_different_kinds_are_not_compared(tmp_path: Path) -> None:
    """In a difference both sides are scored among the declared answers."""
    spec = sampled(tmp_path, DECIDED + GIVEN)
    before = verified(spec)
    write(spec, spec.read_text().replace("iia(decided) >= 0.9", "iia(decided) - iia(decided.left) >= -0.5"))
    (move,) = diff(before, verified(spec))["claims"][0]["moves"]
    assert (move["how"], move["difference"], move["low"]) == ("not comparable", None, None)


def test_a_result_of_an_older_version_is_compared_without_pairing(tmp_path: Path) -> None:
    spec = sampled(tmp_path, SOLVED)
    result = verified(spec)
    document = json.loads(result.read_text())
    for name in ("lock", "criterion"):
        del document[name]
    del document["verdicts"][0]["quantities"][0]["keys"]
    older = tmp_path / "older.json"
    older.write_text(json.dumps(document))
    (move,) = diff(older, result)["claims"][0]["moves"]
    assert (move["how"], move["why"]) == ("not paired", "a result of an older version names no items")


# --- which result is meant -------------------------------------------------------------------------------------------


def test_a_store_elsewhere(tmp_path: Path) -> None:
    spec, store = sampled(tmp_path, SOLVED), tmp_path / "store"
    assert run("verify", spec, "--store", store).status == 0
    (first,) = (store / "results").iterdir()
    blur(tmp_path / "net.safetensors")
    run("verify", spec, "--store", store)
    assert diff(f"{spec}@{first.stem[-16:]}", spec, "--store", store)["claims"][0]["moves"][0]["how"] == "paired"
    shutil.copyfile(first, tmp_path / "last_month.json")
    copied = diff(tmp_path / "last_month.json", spec, "--store", store)
    assert copied["claims"][0]["moves"][0]["how"] == "paired"


def test_a_baseline_outside_of_any_store_is_paired_where_the_other_results_store_has_its_scores(tmp_path: Path) -> None:
    spec = sampled(tmp_path, SOLVED)
    (tmp_path / "kept").mkdir()
    baseline = verified(spec).rename(tmp_path / "kept" / "last_month.json")
    blur(tmp_path / "net.safetensors")
    verified(spec)
    for one, other in ((baseline, spec), (spec, baseline)):
        assert diff(one, other)["claims"][0]["moves"][0]["how"] == "paired"


def _bound(spec: Path) -> None:
    write(spec, spec.read_text().replace(">= 0.9", ">= 0.8"))


def _weights(spec: Path) -> None:
    blur(spec.with_name("net.safetensors"))


def _checkpoint(spec: Path) -> None:
    spec.with_name("net.safetensors").unlink()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_bound, "the spec, its weights or the versions that run it have changed"),
        (_weights, "the spec, its weights or the versions that run it have changed"),
        (_checkpoint, "it cannot be run (CS502)"),
        (Path.unlink, "the spec cannot be read: No such file or directory"),
    ],
)
def test_a_newest_result_that_is_not_of_the_spec_as_it_stands_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Any, why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    spec = sampled(Path(), SOLVED)
    assert run("verify", spec, "--engine", "hooks").status == 0  # whatever engine ran it
    quiet = run("diff", spec, "./spec.cspec")
    assert (quiet.status, quiet.err) == (0, "")
    change(spec)
    done = run("diff", spec, "./spec.cspec")
    assert (done.status, done.out) == (0, quiet.out)
    for word in ("spec.cspec", "./spec.cspec"):
        assert f"warning[CS459]: the newest result of `{word}` is not of the spec as it stands: {why}\n" in done.err
    (result,) = stored(spec)
    assert run("diff", result, f"spec.cspec@{result.stem[-16:]}").err == ""


def test_a_spec_whose_name_starts_with_anothers(tmp_path: Path) -> None:
    spec = small(tmp_path, DIFFERENCES + SOLVES)
    verified(spec)
    other = small(tmp_path, DIFFERENCES + LEFT, name="spec-two.cspec")
    verified(other)
    assert [claim["name"] for claim in diff(spec, spec)["claims"]] == ["solves"]


def test_locks_are_named(tmp_path: Path) -> None:
    spec = small(tmp_path, DIFFERENCES + SOLVES)
    before = verified(spec)
    write(spec, spec.read_text() + LEFT)
    assert run("lock", spec).status == 0
    found = diff(before, verified(spec))
    lock = json.loads(spec.with_name("spec.cspec.lock").read_text())["hash"]
    assert (found["before"]["lock"], found["after"]["lock"]) == (None, lock)
    assert f"before: {before.name}, not locked\n" in found["text"]
    assert f", locked as {lock[:12]}\n" in found["text"]


# --- bad input -------------------------------------------------------------------------------------------------------


def failed(*arguments: str | Path) -> tuple[int, str, str]:
    """Exit status, code and message; text and JSON agree."""
    text, done = run("diff", *arguments), run("diff", *arguments, "--json")
    (problem,) = done.document["diagnostics"]
    assert text.status == done.status == done.document["exit"]
    assert text.err == f"error[{problem['code']}]: {problem['message']}\n  = help: {problem['help']}\n"
    assert (text.out, done.err, "diff" in done.document) == ("", "", False)
    return done.status, problem["code"], problem["message"]


@pytest.fixture
def result(tmp_path: Path) -> Path:
    return verified(small(tmp_path, DIFFERENCES + SOLVES))


def test_what_verify_prints_as_json_is_a_result(tmp_path: Path, result: Path) -> None:
    printed = write(tmp_path / "printed.json", run("verify", tmp_path / "spec.cspec", "--json").out)
    done = run("diff", printed, result)
    assert (done.status, done.err) == (0, "")
    assert "0 of 1 verdict changed" in done.out


def test_a_missing_result(tmp_path: Path, result: Path) -> None:
    assert failed(tmp_path / "absent.json", result)[:2] == (64, "CS454")
    assert failed(result, tmp_path / "absent.json")[:2] == (64, "CS454")
    (tmp_path / "folder.json").mkdir()
    assert failed(result, tmp_path / "folder.json")[:2] == (64, "CS454")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is no JSON"),
        ('{"format": 1, "verd', "it is no JSON"),
        ("[" * 100_000, "it is no JSON"),
        ('{"name": "left-pad"}', "it is no result document"),
        ("[]", "it is no result document"),
        ('{"format": 7}', "expected format 2, found 7"),
        ('{"format": 2}', "its entry `spec` is missing or of another kind"),
    ],
)
def test_a_file_that_is_no_result(tmp_path: Path, result: Path, text: str, reason: str) -> None:
    bad = write(tmp_path / "bad.json", text)
    status, code, message = failed(result, bad)
    assert (status, code) == (2, "CS455")
    assert message == f"`{bad}` is no result that can be compared: {reason}"


def test_a_spec_without_results_and_a_key_that_fits_none_or_several(tmp_path: Path, result: Path) -> None:
    other = small(tmp_path / "other", DIFFERENCES + SOLVES)
    assert failed(other, result)[:2] == (2, "CS457")
    assert failed(tmp_path / "absent.cspec", result)[:2] == (2, "CS457")
    spec, key = tmp_path / "spec.cspec", result.stem[-16:]
    assert failed(f"{spec}@{'0' * 16}", result)[:2] == (2, "CS457")
    shutil.copyfile(result, result.with_name(f"spec-{key[:15]}{'0' if key[15] != '0' else '1'}.json"))
    status, code, message = failed(f"{spec}@{key[:15]}", result)
    assert (status, code) == (2, "CS457")
    assert "means several results" in message
    assert diff(f"{spec}@{key}", result)["status"] == 0


def test_results_of_different_claims_or_tasks(tmp_path: Path, result: Path) -> None:
    other = small(tmp_path / "other", DIFFERENCES + LEFT)
    assert failed(result, verified(other))[1:] == (
        "CS456",
        "expected two results of the same claims: no claim is in both results",
    )
    more_symbols = sampled(tmp_path / "more", "claim solves: accuracy(net) >= 0.9\n")
    status, code, message = failed(result, verified(more_symbols))
    assert (status, code) == (2, "CS456")
    assert message == "expected two results of the same claims: the claim `solves` is about different tasks"


def test_usage_and_help(tmp_path: Path) -> None:
    assert run("diff", tmp_path / "one.json").status == 64
    done = run("diff", "--help")
    assert done.status == 0
    assert "Exit status: 0 no verdict and no edge changed; 1" in " ".join(done.out.split())


def test_whole_domains_are_compared_without_torch(tmp_path: Path, result: Path) -> None:
    code = (
        "import sys; from cspec.cli.main import main; status = main(['diff', sys.argv[1], sys.argv[1]]);"
        "assert 'torch' not in sys.modules; sys.exit(status)"
    )
    assert spawn("-c", code, result, cwd=tmp_path).status == 0


def test_the_scale_of_the_logits_is_another_network_with_the_same_answers(tmp_path: Path) -> None:
    spec = sampled(tmp_path, SOLVED)
    before = verified(spec)
    wire_many(tmp_path / "net.safetensors", scale=8.0)
    (move,) = diff(before, verified(spec))["claims"][0]["moves"]
    assert (move["how"], move["difference"]) == ("paired", 0.0)
    assert move["low"] == pytest.approx(-move["high"])
    assert move["low"] < 0


def test_values_that_are_not_0_or_1_are_paired_too(tmp_path: Path) -> None:
    """Larger logits leave every hidden activation where it was, and so its distance from natural ones."""
    spec = sampled(tmp_path, DECIDED + "claim natural: divergence(decided) <= 9\n")
    before = verified(spec)
    wire_many(tmp_path / "net.safetensors", scale=8.0)
    (move,) = diff(before, verified(spec))["claims"][0]["moves"]
    assert (move["how"], move["difference"]) == ("paired", 0.0)
    assert move["low"] < 0 < move["high"]
    assert move["high"] - move["low"] < 20
