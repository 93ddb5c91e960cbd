"""Whoever reads a command's words may stop reading, and the disk that they go to may be full: the status stays true."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cspec.cli import terminal
from cspec.cli.render_verdicts import VerdictPrinter

from .test_interrupt import heed_interrupts
from .tools import DIFFERENCES, SAMPLED_HEAD, SOLVES, learned, run, sampled, small, write

FAILS = "claim fails: iia(differences) <= 0.5 exhaustively\n"


def shell(command: str, folder: Path, encoding: str = "utf-8") -> subprocess.CompletedProcess[str]:
    """A line of bash in which `cspec` is this package; its status is that of `cspec`, also in a pipe."""
    defined = f'cspec() {{ "{sys.executable}" -m cspec "$@"; }}; set -o pipefail; {command}'
    environment = os.environ | {"NO_COLOR": "1", "PYTHONIOENCODING": encoding}
    return subprocess.run(
        ["bash", "-c", defined], cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize("pipe", ["| true", "| head -n 1 > head.txt", ">&-"])
def test_verify_runs_on_where_nobody_reads_on_and_its_status_is_that_of_the_verdicts(tmp_path: Path, pipe: str) -> None:
    small(tmp_path, DIFFERENCES + SOLVES + FAILS)
    done = shell(f"cspec verify spec.cspec {pipe}", tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
    (result,) = (tmp_path / ".cspec" / "results").iterdir()
    kept = json.loads(result.read_text())
    assert kept["complete"]
    assert [verdict["name"] for verdict in kept["verdicts"]] == ["solves", "fails"]


@pytest.mark.parametrize(("format", "stderr"), [("text", 2), ("json", 0), ("github", 0)])
def test_check_is_heard_by_its_status_alone(tmp_path: Path, format: str, stderr: int) -> None:
    write(tmp_path / "bad.cspec", "task t {\n")
    for closed in ("| true", "2>&- | true", ">&- 2>&-"):
        done = shell(f"cspec check --format {format} bad.cspec {closed}", tmp_path)
        assert done.returncode == 2, closed
        assert done.stdout == ""
        assert (len(done.stderr) > 0) == (stderr > 0 and "2>" not in closed)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_behind_stdout_is_said_and_the_result_is_kept(tmp_path: Path) -> None:
    small(tmp_path, SOLVES)
    for flags in ("", "--json"):
        done = shell(f"cspec verify {flags} spec.cspec > /dev/full", tmp_path)
        assert done.stderr == "error[CS522]: stdout cannot be written: No space left on device\n"
        assert done.returncode == 4
    (result,) = (tmp_path / ".cspec" / "results").iterdir()
    assert json.loads(result.read_text())["complete"]
    assert shell("cspec check nowhere.cspec 2> /dev/full", tmp_path).returncode == 64


def test_letters_that_an_encoding_lacks_are_escaped_and_no_bug(tmp_path: Path) -> None:
    small(tmp_path, SOLVES, name="wörter.cspec")
    done = shell("cspec check wörter.cspec", tmp_path, encoding="ascii")
    assert (done.returncode, done.stdout, done.stderr) == (0, "w\\xf6rter.cspec: ok, 1 claim\n", "")
    write(tmp_path / "doc.cspec", '"""Wörter"""\ntype A=0..9')
    done = shell("cspec fmt - < doc.cspec", tmp_path, encoding="ascii")
    assert (done.returncode, done.stdout) == (0, '"""Wörter"""\n\ntype A = 0..9\n')


def test_a_run_that_is_cut_short_leaves_a_whole_result_of_the_same_plan_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = small(tmp_path, DIFFERENCES + SOLVES + FAILS)
    assert run("verify", spec).status == 1
    (result,) = (tmp_path / ".cspec" / "results").iterdir()
    whole = result.read_bytes()

    def interrupt(self: VerdictPrinter, verdict: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(VerdictPrinter, "verdict", interrupt)
    assert run("verify", spec).status == 130
    assert result.read_bytes() == whole
    result.unlink()
    assert run("verify", spec).status == 130
    assert [verdict["name"] for verdict in json.loads(result.read_text())["verdicts"]] == ["solves"]


def test_an_interrupt_while_the_command_is_imported_is_no_traceback(tmp_path: Path) -> None:
    write(tmp_path / "spec.cspec", SAMPLED_HEAD)
    slow = "import sys, time\nfrom cspec.cli import main\n" + (
        "def wait(name, package):\n    print('here', flush=True)\n    time.sleep(60)\n"
        "main.import_module = wait\nsys.exit(main.main(['verify', 'spec.cspec']))\n"
    )
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", slow], cwd=tmp_path, stdout=pipe, stderr=pipe, text=True, preexec_fn=heed_interrupts
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (130, "interrupted\n")


def test_a_log_hears_of_long_work_only_after_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    claim = "claim low: iia(das) <= 0.1 expect refuted\n"
    done = run("verify", sampled(tmp_path, learned() + claim), "--store", tmp_path / "quick")
    assert (done.status, done.err) == (0, "")
    monkeypatch.setattr(terminal, "QUIET", 0.0)
    logged = run("verify", tmp_path / "spec.cspec", "--store", tmp_path / "slow")
    assert (logged.status, logged.out) == (0, done.out)
    assert re.fullmatch(r"([^:\r\n\x1b]+: [\d,]+ of [\d,]+\n)+", logged.err), logged.err
    assert "60 of 60" in logged.err  # two restarts of 30 steps
    assert run("verify", tmp_path / "spec.cspec", "--store", tmp_path / "json", "--json").err == ""
