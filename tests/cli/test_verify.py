"""`cspec verify` on networks wired by hand, where every verdict is a theorem, and every exit status."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from .tools import DIFFERENCES, GALLERY, HEAD, PLAIN, SOLVES, rewrite_tensor, run, save_network, small, write


def headlines(text: str) -> list[str]:
    """The first line of every verdict."""
    return [block.splitlines()[0] for block in text.split("\n\n")[1:-1]]


def test_the_plain_network_decides_both_equalities_first(tmp_path: Path) -> None:
    done = run("verify", GALLERY / "handwired_equality.cspec", "--store", tmp_path)
    assert (done.status, done.err) == (0, "")
    assert headlines(done.out) == [
        "solves: holds [exhaustive]",
        "only_left: holds under identity [exhaustive]",
        "only_right: holds under identity [exhaustive]",
        "joint: holds under identity [exhaustive]",
        "represents: holds under identity [exhaustive]",
        "decides: holds under identity [exhaustive]",
        "read: holds under identity [exhaustive]",
        "not_first: holds under identity [exhaustive]",
        "half_enough: refuted under identity [exhaustive], expected refuted",
    ]
    assert "iia(first_coordinates) = 0.6725 = 343/510 exactly, claimed >= 0.9" in done.out
    joined = " ".join(done.out.split())
    assert "iia(differences.left) - iia(symbol_at_1) = 0.4000 = 2/5 exactly, claimed >= 0.4" in joined
    assert done.out.endswith("\nexpectations: 9 met\n")
    assert max(map(len, done.out.splitlines())) <= 80


def test_the_exchanged_alignment_is_refuted(tmp_path: Path) -> None:
    done = run("verify", GALLERY / "exchanged.cspec", "--store", tmp_path)
    assert done.status == 0
    assert "wrong: refuted under identity [exhaustive], expected refuted" in done.out
    assert "iia(exchanged) = 0.5098 = 26/51 exactly, claimed >= 0.9" in done.out
    assert "iia(exchanged.left) = 0.5000 = 1/2 exactly, claimed == 0.5" in done.out
    assert "iia(exchanged.{left, right}) = 0.5294 = 9/17 exactly, claimed <= 0.53" in done.out


def test_a_rotation_finds_what_no_set_of_neurons_holds(tmp_path: Path) -> None:
    done = run("verify", GALLERY / "rotated.cspec", "--store", tmp_path)
    assert (done.status, done.err) == (0, "")
    assert "iia(before) = 1.0000 exactly" in done.out
    for name in ("left", "right"):
        assert f"finds_{name}: holds under rotation [exhaustive]\n  iia(das.{name}) = 1.0000 exactly" in done.out
    assert "iia(neurons) = 0.5006 exactly" in done.out
    assert done.out.endswith("\nexpectations: 5 met\n")


def test_a_second_run_says_the_same_word_for_word(tmp_path: Path) -> None:
    spec = GALLERY / "exchanged.cspec"
    assert run("verify", spec, "--store", tmp_path) == run("verify", spec, "--store", tmp_path)


def test_results_lie_beside_the_spec_unless_a_store_is_named(tmp_path: Path) -> None:
    spec = small(tmp_path, DIFFERENCES + SOLVES)
    assert run("check", spec).status == 0
    assert not (tmp_path / ".cspec").exists()
    assert run("verify", spec).status == 0
    assert len(list((tmp_path / ".cspec" / "results").glob("spec-*.json"))) == 1


# --- exit status -----------------------------------------------------------------------------------------------------


def test_exit_1_where_an_expectation_fails(tmp_path: Path) -> None:
    spec = small(tmp_path, DIFFERENCES + SOLVES + "claim none: iia(differences) <= 0.5 exhaustively\n")
    done = run("verify", spec)
    assert done.status == 1
    assert "none: refuted under identity [exhaustive], expected holds: failed" in done.out
    assert done.out.endswith("expectations: 1 met, 1 failed\n")


def test_exit_3_where_one_is_open(tmp_path: Path) -> None:
    """A network that answers `true` throughout solves 5/8 of the task at most: its internals prove nothing."""
    spec = small(tmp_path, DIFFERENCES + "claim represents: iia(differences) >= 0.9 exhaustively\n")
    rewrite_tensor(tmp_path / "net.safetensors", "head.weight", np.zeros((2, 2)))
    done = run("verify", spec)
    assert done.status == 3
    said = " ".join(done.out.split())
    assert "represents: inconclusive(task_not_solved) under identity [exhaustive], expected holds: open" in said
    assert done.out.endswith("expectations: 0 met, 1 open\n")


def test_exit_1_goes_before_exit_3(tmp_path: Path) -> None:
    claims = "claim represents: iia(differences) >= 0.9 exhaustively\n" + SOLVES
    spec = small(tmp_path, DIFFERENCES + claims)
    rewrite_tensor(tmp_path / "net.safetensors", "head.weight", np.zeros((2, 2)))
    done = run("verify", spec)
    assert done.status == 1
    # (w == x) == (y == z) holds of 4*4 + 12*12 of the 16*16 inputs
    assert "accuracy(net) = 0.6250 = 5/8 exactly" in done.out
    assert done.out.endswith("expectations: 0 met, 1 failed, 1 open\n")


def test_exit_0_where_an_expected_inconclusive_comes(tmp_path: Path) -> None:
    claim = "claim r: iia(differences) >= 0.9 exhaustively expect inconclusive(task_not_solved)\n"
    spec = small(tmp_path, DIFFERENCES + claim)
    rewrite_tensor(tmp_path / "net.safetensors", "head.weight", np.zeros((2, 2)))
    assert run("verify", spec).status == 0


@pytest.mark.parametrize("command", ["check", "verify", "compile", "graph", "plan"])
def test_exit_2_on_a_wrong_spec(tmp_path: Path, command: str) -> None:
    spec = small(tmp_path, "claim solves: accuracy(nett) >= 0.9\n")
    done = run(command, spec)
    assert (done.status, done.out) == (2, "")
    assert "nett" in done.err
    assert "help: " in done.err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["net.safetensors", "spec.cspec"]


def test_exit_2_where_nothing_is_claimed(tmp_path: Path) -> None:
    spec = small(tmp_path, DIFFERENCES)
    assert run("check", spec).status == 0
    done = run("verify", spec)
    assert (done.status, done.out) == (2, "")
    assert "error[CS435]" in done.err


def test_a_path_above_the_folder_needs_permission(tmp_path: Path) -> None:
    text = HEAD.replace("net.safetensors", "../net.safetensors") % 3 + DIFFERENCES + SOLVES
    small(tmp_path, "")
    (tmp_path / "inner").mkdir()
    spec = write(tmp_path / "inner" / "spec.cspec", text)
    refused = run("verify", spec)
    assert refused.status == 2
    assert "error[CS501]" in refused.err
    assert run("verify", spec, "--allow-path").status == 0


def test_a_link_out_of_the_folder_needs_permission_too(tmp_path: Path) -> None:
    spec = small(tmp_path / "inner", DIFFERENCES + SOLVES)
    (tmp_path / "inner" / "net.safetensors").rename(tmp_path / "elsewhere.safetensors")
    (tmp_path / "inner" / "net.safetensors").symlink_to(tmp_path / "elsewhere.safetensors")
    assert run("verify", spec).status == 2
    assert run("verify", spec, "--allow-path").status == 0


def test_exit_4_on_a_missing_checkpoint(tmp_path: Path) -> None:
    spec = small(tmp_path, SOLVES + DIFFERENCES)
    (tmp_path / "net.safetensors").unlink()
    done = run("verify", spec)
    assert (done.status, done.out) == (4, "")
    assert "error[CS502]" in done.err


@pytest.mark.parametrize("kept", [0, 4, 100, -1])
def test_exit_4_on_a_truncated_checkpoint(tmp_path: Path, kept: int) -> None:
    spec = small(tmp_path, SOLVES + DIFFERENCES)
    (tmp_path / "net.safetensors").write_bytes(PLAIN.read_bytes()[:kept])
    done = run("verify", spec)
    assert (done.status, done.out) == (4, "")
    assert "error[CS504]" in done.err


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_exit_4_on_a_pickled_checkpoint_which_is_never_opened(tmp_path: Path, protocol: int) -> None:
    spec = small(tmp_path, SOLVES + DIFFERENCES)
    trap = tmp_path / "sprung"
    (tmp_path / "net.safetensors").write_bytes(pickle.dumps(_Trap(str(trap)), protocol))
    done = run("verify", spec)
    assert (done.status, done.out) == (4, "")
    assert "error[CS503]" in done.err
    assert not trap.exists()


class _Trap:
    """Unpickling it makes a folder."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        import os

        return os.mkdir, (self.path,)


def test_exit_4_where_weights_and_configuration_disagree(tmp_path: Path) -> None:
    spec = small(tmp_path, SOLVES + DIFFERENCES)
    net = tmp_path / "net.safetensors"
    save_network(net, load_file(net), {"vocab": 4, "embed": 2, "hidden": [8, 3, 2]})
    done = run("verify", spec)
    assert (done.status, done.out) == (4, "")
    assert "error[CS506]" in done.err


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_exit_4_on_weights_that_are_not_finite(tmp_path: Path, broken: float) -> None:
    spec = small(tmp_path, SOLVES + DIFFERENCES)
    rewrite_tensor(tmp_path / "net.safetensors", "layers.1.bias", np.array([1, broken]))
    assert run("check", spec).status == 0
    done = run("verify", spec)
    assert done.status == 4
    assert "error[CS507]" in done.err
    assert "`layers.1.bias`" in done.err
    assert "holds" not in done.out


def test_verdicts_before_a_broken_network_are_printed(tmp_path: Path) -> None:
    """Finite weights whose product is none: the sound network's verdict stands, the other one's never comes."""
    body = 'network loud = torch("loud.safetensors")\n' + SOLVES + "claim loud: accuracy(loud) == 1 exhaustively\n"
    spec = small(tmp_path, body + DIFFERENCES)
    loud = tmp_path / "loud.safetensors"
    loud.write_bytes(PLAIN.read_bytes())
    rewrite_tensor(loud, "layers.1.bias", np.array([3e38, 3e38]))
    rewrite_tensor(loud, "layers.2.weight", np.array([[3e38, 3e38], [3e38, 3e38]]))
    done = run("verify", spec)
    assert done.status == 4
    assert "error[CS508]" in done.err
    assert "solves: holds [exhaustive]" in done.out
    assert "expectations" not in done.out
    (kept,) = (tmp_path / ".cspec" / "results").iterdir()
    assert not json.loads(kept.read_text())["complete"]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["verify"],
        ["prove", "spec.cspec"],
        ["verify", "spec.cspec", "--quick"],
        ["verify", "spec.cspec", "other.cspec"],
        ["verify", "spec.cspec", "--store"],
        ["compile", "spec.cspec", "--emit", "everything"],
        ["verify", "absent.cspec"],
        ["check", "."],
    ],
    ids=lambda arguments: " ".join(arguments) or "nothing",
)
def test_exit_64_on_usage_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    small(tmp_path, SOLVES + DIFFERENCES)
    monkeypatch.chdir(tmp_path)
    done = run(*arguments)
    assert (done.status, done.out) == (64, "")
    assert done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["verfy", "spec.cspec"], "cspec: expected a command, found `verfy`; did you mean `verify`?"),
        (["spec.cspec"], "`cspec verify spec.cspec` runs it"),
        (["verify", "spec.cspec", "--jsn"], "cspec verify: there is no option `--jsn`; did you mean `--json`?"),
        (["verify", "spec.cspec", "--seed=3"], "cspec verify: there is no option `--seed`\n"),
        (["verify", "spec.cspec", "other.cspec"], "cspec verify: `other.cspec` is one argument too many"),
        (["check", "spec"], "did you mean `spec.cspec`?"),
        (["check", "."], "name a file in it: `spec.cspec`"),
        (["fmt", "spce.cspec"], "did you mean `spec.cspec`?"),
    ],
)
def test_usage_errors_say_what_was_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    small(tmp_path, SOLVES)
    (tmp_path / ".cspec").mkdir()  # a store, and no spec
    monkeypatch.chdir(tmp_path)
    done = run(*arguments)
    assert done.status == 64
    assert said in done.err


def test_help_and_version_are_no_errors() -> None:
    assert run("--version").out.startswith("cspec ")
    for arguments in (["--help"], ["verify", "--help"]):
        done = run(*arguments)
        assert (done.status, done.err) == (0, "")
        assert "usage: cspec" in done.out


def test_claims_that_say_the_same_are_each_decided_under_their_own_name(tmp_path: Path) -> None:
    spec = small(tmp_path, SOLVES + SOLVES.replace("solves", "again"))
    assert headlines(run("verify", spec).out) == ["solves: holds [exhaustive]", "again: holds [exhaustive]"]
