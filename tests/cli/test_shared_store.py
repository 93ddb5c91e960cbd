"""A store under strain: killed runs, several at once, a full disk, a folder that may only be read."""

import fcntl
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import cspec
import pytest
import torch
from cspec.runtime.errors import EnvironmentProblem
from cspec.runtime.results.store import Store

from .tools import DECIDED, DIFFERENCES, SOLVES, Ran, artifacts, learned, run, sampled, small

CLAIMS = "claim given: iia(decided) >= 0.9\nclaim low: iia(das) <= 0.1 expect refuted\n"


def start(spec: Path, store: Path, **options: Any) -> "subprocess.Popen[str]":
    """`cspec verify` in a process of its own."""
    command = [sys.executable, "-m", "cspec", "verify", str(spec), "--store", str(store)]
    pipe = subprocess.PIPE
    environment = os.environ | {"NO_COLOR": "1"}
    return subprocess.Popen(command, cwd=spec.parent, env=environment, stdout=pipe, stderr=pipe, text=True, **options)


def verdicts(store: Path) -> list[Any]:
    """What the one result of a store says."""
    (result,) = (store / "results").glob("*.json")
    found: list[Any] = json.loads(result.read_text())["verdicts"]
    return found


def test_a_killed_run_goes_on_to_the_same_result(tmp_path: Path) -> None:
    spec = sampled(tmp_path, DECIDED + learned(steps=2_000) + CLAIMS)
    store, whole = tmp_path / "store", tmp_path / "whole"
    with start(spec, store) as process:
        while not artifacts(store) if store.exists() else True:
            assert process.poll() is None, "it ended before it was killed"
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL
    folder = store / "artifacts" / "00"
    folder.mkdir(exist_ok=True)
    (folder / ".partial-killed").write_bytes(b"half an artifact")
    before = artifacts(store)
    assert run("verify", spec, "--store", store).status == 0
    assert run("verify", spec, "--store", whole).status == 0
    assert before.items() <= artifacts(store).items()
    assert verdicts(store) == verdicts(whole)
    assert list(store.rglob(".partial-*")) == []


def test_two_runs_at_once_keep_one_result(tmp_path: Path) -> None:
    spec, store = sampled(tmp_path, DECIDED + learned() + CLAIMS), tmp_path / "store"
    processes = [start(spec, store) for _ in range(2)]
    said = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert said[0] == said[1]
    assert list(store.rglob(".partial-*")) == []
    assert all(Store(store).load(name.removesuffix(".safetensors")) is not None for name in artifacts(store))
    alone = tmp_path / "alone"
    assert run("verify", spec, "--store", alone).status == 0
    assert verdicts(store) == verdicts(alone)
    assert artifacts(store).keys() == artifacts(alone).keys()


def test_what_another_process_is_writing_is_not_swept_up(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store._replacing(tmp_path / "results" / "one.json") as file:
        file.write(b"{}")
        file.flush()
        (tmp_path / "results" / ".partial-empty").touch()
        (tmp_path / "results" / ".partial-killed").write_bytes(b"{")
        Store(tmp_path).open_for_writing()
        assert len(list(tmp_path.rglob(".partial-*"))) == 2
        os.utime(tmp_path / "results" / ".partial-empty", (0, 0))
        Store(tmp_path).open_for_writing()
        (written,) = tmp_path.rglob(".partial-*")
        os.utime(written, (0, 0))  # the clock of a network disk may be another
        Store(tmp_path).open_for_writing()
        assert written.exists()
    assert [path.name for path in (tmp_path / "results").iterdir()] == ["one.json"]


def test_lines_of_a_ledger_are_written_one_writer_after_the_other(tmp_path: Path) -> None:
    """Locks are those of open files, so that a thread of one process stands for another process here."""
    ledger = tmp_path / "looks.jsonl"
    with ledger.open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        other = threading.Thread(target=Store(tmp_path).append, args=("looks.jsonl", ["second"]))
        other.start()
        time.sleep(0.2)
        assert ledger.read_bytes() == b""
        held.write(b"first, cut sho")
    other.join(timeout=30)
    assert ledger.read_text() == "first, cut sho\nsecond\n"


def test_a_full_disk_is_an_error_by_its_code_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    spec, store = small(tmp_path, SOLVES), tmp_path / "store"
    done = on_a_full_disk(spec, store)
    assert done.status == 4
    assert "error[CS520]" in done.err
    assert "Traceback" not in done.err
    assert [path for path in store.rglob("*") if path.is_file()] == []
    assert run("verify", spec, "--store", store).status == 0


def fill() -> None:
    """A disk that takes nothing more: no file may grow beyond 64 bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))


def on_a_full_disk(spec: Path, store: Path) -> Ran:
    with start(spec, store, preexec_fn=fill) as process:
        out, err = process.communicate(timeout=60)
    return Ran(process.returncode, out, err)


def files(store: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in store.rglob("*") if path.is_file()}


def test_a_full_store_that_has_everything_gives_the_verdicts(tmp_path: Path) -> None:
    spec, store = sampled(tmp_path, DECIDED + learned() + CLAIMS), tmp_path / "store"
    first = run("verify", spec, "--store", store)
    before = files(store)
    done = on_a_full_disk(spec, store)
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith(first.out)
    said = "".join(done.out.removeprefix(first.out).split())  # a long path is broken
    assert said == f"the store `{store}` was read only, nothing new is kept: File too large".replace(" ", "")
    assert files(store) == before


def test_a_full_store_is_said_before_anything_runs_where_a_claim_is_new(tmp_path: Path) -> None:
    """A look at the test items would not be recorded either."""
    spec, store = sampled(tmp_path, DECIDED + learned() + CLAIMS), tmp_path / "store"
    assert run("verify", spec, "--store", store).status == 0
    spec.write_text(spec.read_text().replace(">= 0.9", ">= 0.8"))
    before = files(store)
    done = on_a_full_disk(spec, store)
    assert done.status == 4
    assert done.err.startswith(f"error[CS520]: the store `{store}` cannot be used: File too large\n")
    assert "given" not in done.out
    assert files(store) == before


def test_work_whose_result_cannot_be_kept_is_not_begun(tmp_path: Path) -> None:
    align = "align das: both_equalities -> net { left at hidden[1] via rotation size 3\nfit { steps: 10, seeds: 1 } }\n"
    claims = "claim given: iia(differences.left) == 1 exhaustively\nclaim found: iia(das) <= 0.1 exhaustively\n"
    spec, store = small(tmp_path, DIFFERENCES + align + claims), tmp_path / "store"
    run("verify", spec, "--store", store)
    (result,) = (store / "results").iterdir()
    spec.write_text(spec.read_text().replace("steps: 10", "steps: 10_000_000"))
    result.rename(result.with_name(f"spec-{cspec.compile(spec).key[:16]}.json"))  # a whole result whose map is gone
    done = on_a_full_disk(spec, store)
    assert done.status == 4
    assert "given: holds" in done.out
    assert "cannot be used: it lacks what is to be computed now, and cannot be written: File too large" in done.err


def nobody_reads(*paths: str) -> bool:
    """Whether others than their owner may enter all folders in which these lie."""
    return all(parent.stat().st_mode & 0o5 == 0o5 for path in paths for parent in Path(path).resolve().parents)


@pytest.mark.skipif(
    os.geteuid() == 0 and not nobody_reads(torch.__file__, cspec.__file__),
    reason="root becomes nobody, who may not read this installation",
)
def test_a_store_that_may_only_be_read_and_has_everything_gives_the_verdicts() -> None:
    """In a folder that anybody may enter, unlike those of pytest: root, who may write everywhere, becomes nobody."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        store = folder / "store"
        first = run("verify", small(folder, SOLVES), "--store", store)
        store.chmod(0o555)
        before = files(store)
        child = os.fork()
        if child == 0:
            status = 99
            try:
                os.chdir(folder)
                if os.geteuid() == 0:
                    os.setuid(65534)
                done = run("verify", "spec.cspec", "--store", "store")
                end = "the store `store` was read only, nothing new is kept: Permission denied\n"
                status = done.status if done.out == first.out + end else 98
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert files(store) == before
        store.chmod(0o755)


def test_a_store_that_may_only_be_read_is_said_before_anything_runs(tmp_path: Path) -> None:
    spec, store = small(tmp_path, SOLVES), tmp_path / "store"
    assert run("verify", spec, "--store", tmp_path / "other").status == 0  # what is imported is imported now
    store.mkdir()
    store.chmod(0o555)
    child = os.fork()
    if child == 0:
        try:
            os.chdir(tmp_path)
            if os.geteuid() == 0:  # who may write everywhere
                os.setuid(65534)
            Store(Path("store")).open_for_writing()
        except EnvironmentProblem as problem:
            os._exit(4 if problem.code == "CS520" else 1)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 4
    assert list(store.iterdir()) == []
