"""`cspec verify --junit`: one case for each claim and graph, and a report whatever becomes of the run."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from cspec.cli.render_verdicts import VerdictPrinter

from .test_interrupt import heed_interrupts
from .tools import DECIDED, DIFFERENCES, SOLVES, learned, run, sampled, small, write

FAILS = "claim fails: iia(differences.left) <= 0.5 exhaustively\n"
OPEN = "claim narrow: iia(decided) == 0.99 +- 0.0001\n"
KINDS = ("failure", "error", "skipped")


def report(path: Path) -> dict[str, ElementTree.Element]:
    """The test cases of a report by name; both heads count what there is, and no other file lies beside it."""
    root = ElementTree.parse(path).getroot()
    (suite,) = root
    cases = list(suite)
    assert (root.tag, suite.tag, {case.tag for case in cases}) == ("testsuites", "testsuite", {"testcase"})
    for head in (root, suite):
        assert int(head.attrib["tests"]) == len(cases)
        for kind, count in zip(KINDS, ("failures", "errors", "skipped"), strict=True):
            assert int(head.attrib[count]) == sum(case.find(kind) is not None for case in cases)
        assert float(head.attrib["time"]) >= sum(float(case.attrib["time"]) for case in cases) - 0.01
    assert list(path.parent.glob(".partial-*")) == []
    return {case.attrib["name"]: case for case in cases}


def kinds(cases: dict[str, ElementTree.Element]) -> dict[str, str]:
    """What each case is: `passed` where no element says otherwise."""
    return {name: next((k for k in KINDS if case.find(k) is not None), "passed") for name, case in cases.items()}


def block(out: str, name: str) -> str:
    """What a terminal shows of a claim."""
    (found,) = (text for text in out.split("\n\n") if text.startswith(f"{name}: "))
    return found.rstrip("\n") + "\n"


def test_a_case_for_each_claim_with_the_text_of_the_terminal(tmp_path: Path) -> None:
    spec, path = small(tmp_path, DIFFERENCES + SOLVES + FAILS), tmp_path / "reports" / "cspec.xml"
    done = run("verify", spec, "--junit", path)
    assert done.status == 1
    cases = report(path)
    assert kinds(cases) == {"solves": "passed", "fails": "failure"}
    for name, element in (("solves", "system-out"), ("fails", "failure")):
        said = cases[name].find(element)
        assert said is not None
        assert said.text == block(done.out, name)
    failure = cases["fails"].find("failure")
    assert failure is not None
    assert failure.attrib == {
        "type": "refuted",
        "message": "refuted, expected holds; iia(differences.left) = 1.0000 exactly, claimed <= 0.5: misses",
    }
    lines = spec.read_text().splitlines()
    for name, case in cases.items():
        assert case.attrib["file"] == str(spec)
        assert lines[int(case.attrib["line"]) - 1].startswith(f"claim {name}:")
        assert case.attrib["classname"].endswith(f"{tmp_path.name}.spec")
    assert run("verify", spec).out == done.out  # a report changes nothing of what is said


def test_what_is_open_is_an_error_and_no_pass(tmp_path: Path) -> None:
    spec = sampled(tmp_path, DECIDED + "claim solves: accuracy(net) >= 0.9\n" + OPEN)
    done = run("verify", spec, *to(tmp_path))
    assert done.status == 3
    cases = report(tmp_path / "r.xml")
    assert kinds(cases) == {"solves": "passed", "narrow": "error"}
    error = cases["narrow"].find("error")
    assert error is not None
    assert error.attrib["type"] == "inconclusive(budget)"
    assert error.text == block(done.out, "narrow")


def to(folder: Path) -> tuple[str, Path]:
    return "--junit", folder / "r.xml"


def test_a_case_says_what_the_terminal_says_under_an_earlier_claim(tmp_path: Path) -> None:
    spec = small(tmp_path, DIFFERENCES + FAILS + FAILS.replace("fails", "again"))
    done = run("verify", spec, *to(tmp_path))
    assert "as under fails: counts" in done.out
    for case in report(tmp_path / "r.xml").values():
        failure = case.find("failure")
        assert failure is not None
        assert failure.text is not None
        assert "    {left}        24,576/24,576" in failure.text
        assert "as under" not in failure.text


@pytest.mark.parametrize(
    ("change", "status", "code", "skipped"),
    [
        (lambda spec: write(spec, spec.read_text() + "claim more iia\n"), 2, "CS001", ()),
        (lambda spec: write(spec, spec.read_text().replace("differences.left", "diferences.left")), 2, "CS", ()),
        (lambda spec: write(spec, ""), 2, "CS012", ()),
        (lambda spec: spec.with_name("net.safetensors").unlink(), 4, "CS502", ()),
        (lambda spec: spec.unlink(), 64, "CS003", ()),
        (lambda spec: write(spec.with_name("spec.cspec.lock"), "{"), 2, "CS452", ("solves", "fails")),
        (lambda spec: write(spec.with_name(".cspec"), "no folder"), 4, "CS520", ("solves", "fails")),
    ],
    ids=["syntax", "name", "empty", "checkpoint", "no spec", "lock", "store"],
)
def test_a_run_without_verdicts_has_a_report_with_its_diagnostics(
    tmp_path: Path, change: Any, status: int, code: str, skipped: tuple[str, ...]
) -> None:
    spec = small(tmp_path, DIFFERENCES + SOLVES + FAILS)
    change(spec)
    done = run("verify", spec, "--locked" if code == "CS452" else "--diagnose", *to(tmp_path))
    assert done.status == status
    cases = report(tmp_path / "r.xml")
    assert kinds(cases) == {"cspec verify": "error"} | dict.fromkeys(skipped, "skipped")
    error = cases["cspec verify"].find("error")
    assert error is not None
    assert error.attrib["type"].startswith(code)
    assert error.attrib["message"].startswith(error.attrib["type"] + ": ")
    assert error.text == done.err


def test_a_missing_checkpoint_in_the_middle_keeps_what_was_decided(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = small(tmp_path, DIFFERENCES + SOLVES + FAILS)
    from cspec.runtime.errors import EnvironmentProblem

    said = VerdictPrinter.verdict

    def stop(self: VerdictPrinter, verdict: Any) -> None:
        said(self, verdict)
        raise EnvironmentProblem("CS508", "not finite")

    monkeypatch.setattr(VerdictPrinter, "verdict", stop)
    assert run("verify", spec, *to(tmp_path)).status == 4
    assert kinds(report(tmp_path / "r.xml")) == {"cspec verify": "error", "solves": "passed", "fails": "skipped"}


def test_a_bug_of_ours_is_no_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = small(tmp_path, DIFFERENCES + SOLVES + FAILS)
    monkeypatch.setattr(VerdictPrinter, "footer", lambda self, result: 1 // 0)
    assert run("verify", spec, *to(tmp_path)).status == 70
    cases = report(tmp_path / "r.xml")
    assert kinds(cases) == {"cspec verify": "error", "solves": "skipped", "fails": "skipped"}


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_stopped_says_so(tmp_path: Path, sent: signal.Signals) -> None:
    """Killed outright, it leaves what it wrote at its start, and never the report of an earlier run."""
    claims = "claim solves: accuracy(net) >= 0.9\nclaim long: iia(das) <= 0.1 expect refuted\n"
    spec = sampled(tmp_path, learned(steps=10_000_000) + claims)
    write(tmp_path / "r.xml", "<testsuites><testsuite><testcase name='old'/></testsuite></testsuites>")
    command = [sys.executable, "-m", "cspec", "verify", str(spec), "--junit", "r.xml"]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=pipe, stderr=pipe, text=True, preexec_fn=heed_interrupts
    ) as process:
        try:
            assert process.stdout is not None
            while not process.stdout.readline().startswith("solves: holds"):
                assert process.poll() is None
            time.sleep(1.0)
            assert kinds(report(tmp_path / "r.xml")) == {"cspec verify": "error"}
            process.send_signal(sent)
            process.communicate(timeout=30)
        finally:
            process.kill()
    cases = report(tmp_path / "r.xml")
    error = cases["cspec verify"].find("error")
    assert error is not None
    if sent == signal.SIGTERM:
        assert process.returncode == 130
        assert kinds(cases) == {"cspec verify": "error", "solves": "passed", "long": "skipped"}
        assert error.attrib["type"] == "interrupted"
    else:
        assert kinds(cases) == {"cspec verify": "error"}
        assert error.attrib["message"] == "the run has not ended, or was killed"


def test_a_path_that_cannot_be_written_is_said_before_anything_runs(tmp_path: Path) -> None:
    spec = small(tmp_path, SOLVES)
    (tmp_path / "folder.xml").mkdir()
    write(tmp_path / "file", "")
    (tmp_path / "full.xml").symlink_to("/dev/full")
    for name in ("folder.xml", "file/r.xml", "full.xml"):
        done = run("verify", spec, "--junit", tmp_path / name)
        assert (done.status, done.out) == (4, ""), name
        assert done.err.startswith(f"error[CS522]: the report `{tmp_path / name}` cannot be written: "), name
        assert "--junit" in done.err
    assert not (tmp_path / ".cspec").exists()
    assert Path("/dev/full").is_char_device()
    found = run("verify", spec, "--json", "--junit", tmp_path / "folder.xml").document
    assert (found["exit"], [row["code"] for row in found["diagnostics"]]) == (4, ["CS522"])


def test_a_spec_is_never_taken_for_a_report(tmp_path: Path) -> None:
    spec = small(tmp_path, SOLVES)
    before = spec.read_text()
    done = run("verify", "--junit", spec, spec)
    assert done.status == 64
    assert "expected a path that ends in `.xml`" in done.err
    assert spec.read_text() == before


def test_a_disk_that_is_full_at_the_end_is_no_pass(tmp_path: Path) -> None:
    """Files may grow to 400 bytes: enough for what is written at the start, too little for the end."""
    spec = small(tmp_path, SOLVES)
    assert run("verify", spec, "--store", tmp_path / "store").status == 0
    command = [sys.executable, "-m", "cspec", "verify", "spec.cspec", "--store", "store", "--junit", "r.xml"]

    def fill() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (450, 450))

    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, preexec_fn=fill, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (4, "error[CS522]: the report `r.xml` cannot be written: File too large\n")
    assert "expectations: 1 met" in done.stdout
    assert kinds(report(tmp_path / "r.xml")) == {"cspec verify": "error"}


@pytest.mark.parametrize(
    ("name", "shown", "line", "status"),
    [
        (b"odd <&\"'> \x01\xff.cspec", "odd <&\"'> \\x01\\udcff.cspec", "", 1),
        (b"\xff.cspec", "\\udcff.cspec", "claim \x1b: ]]>\n", 2),
    ],
)
def test_odd_names_and_texts_are_xml(tmp_path: Path, name: bytes, shown: str, line: str, status: int) -> None:
    """What no XML may contain, nor escaped, is written out: readers refuse a whole file over one such sign."""
    doc = '"""A & B < C ]]> "quoted" \x1b[31mred\x07 \ufffe \U0001f600"""\n'
    spec = small(tmp_path, DIFFERENCES + doc + FAILS + SOLVES + line, name=os.fsdecode(name))
    assert run("verify", spec, *to(tmp_path)).status == status
    (case, *_) = report(tmp_path / "r.xml").values()
    assert case.attrib["file"] == f"{tmp_path}/{shown}"
    data = (tmp_path / "r.xml").read_bytes()
    assert data.startswith(b"<?xml version='1.0' encoding='utf-8'?>\n")
    assert not set(data) & (set(range(32)) - {9, 10})


def test_a_graph_is_a_case(tmp_path: Path) -> None:
    spec = Path(__file__).parents[2] / "specs" / "self_repair" / "self_repair.cspec"
    done = run("verify", spec, "--store", tmp_path / "store", *to(tmp_path))
    cases = report(tmp_path / "r.xml")
    names = [name for name in cases if name.startswith("graph ")]
    assert names
    assert done.status == 0
    assert set(kinds(cases).values()) == {"passed"}
    for name in names:
        said = cases[name].find("system-out")
        assert said is not None
        assert said.text is not None
        assert said.text in done.out
    assert json.loads(run("verify", spec, "--store", tmp_path / "store", "--json", *to(tmp_path)).out)["exit"] == 0
    assert kinds(report(tmp_path / "r.xml")) == kinds(cases)
