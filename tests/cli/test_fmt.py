"""`cspec fmt` from the outside: in place, `--check`, `--diff`, stdin, and files that cannot be formatted."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .tools import GALLERY, run

UGLY = "task  t {\r\n input x : 0 .. 3\r\noutput y: 0..3 # what is seen\r\n  tokens[x]\r\n answer y:index }\r\n"
PRETTY = """\
task t {
  input  x: 0..3
  output y: 0..3 # what is seen
  tokens [x]
  answer y: index
}
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "a.cspec"
    path.write_bytes(UGLY.encode())
    return path


def fmt(*arguments: str, stdin: bytes | None = None) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-m", "cspec", "fmt", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, check=False)


def test_in_place_and_a_second_time_nothing_to_do(spec: Path) -> None:
    spec.chmod(0o640)
    first = run("fmt", spec)
    assert (first.status, first.out, spec.read_bytes()) == (0, f"{spec}: formatted\n", PRETTY.encode())
    assert spec.stat().st_mode & 0o777 == 0o640
    second = run("fmt", spec)
    assert (second.status, second.out, second.err) == (0, "", "")
    assert os.listdir(spec.parent) == ["a.cspec"]


def test_check_and_diff_write_nothing(spec: Path) -> None:
    found = run("fmt", "--check", spec)
    assert (found.status, found.out) == (1, f"{spec}: would change\n")
    shown = run("fmt", "--diff", spec)
    assert shown.status == 0
    assert "+  input  x: 0..3\n" in shown.out
    assert run("fmt", "--check", "--diff", spec).status == 1
    assert spec.read_bytes() == UGLY.encode()
    run("fmt", spec)
    done = run("fmt", "--check", "--diff", spec)
    assert (done.status, done.out) == (0, "")


def test_stdin_to_stdout() -> None:
    done = fmt("-", stdin=UGLY.encode())
    assert (done.returncode, done.stdout, done.stderr) == (0, PRETTY.encode(), b"")
    assert fmt("-", "--check", stdin=PRETTY.encode()).returncode == 0
    broken = fmt("-", stdin=b"task t {")
    assert (broken.returncode, broken.stdout) == (2, b"")
    assert b"error[CS015]" in broken.stderr
    assert b"<stdin>:1:8" in broken.stderr
    closed = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m cspec fmt - <&-"], capture_output=True, text=True, check=False
    )
    assert (closed.returncode, closed.stderr) == (64, "error[CS003]: the spec `-` cannot be read: stdin is closed\n")


def test_a_spec_with_errors_stays_and_the_others_are_formatted(spec: Path) -> None:
    broken = spec.with_name("b.cspec")
    broken.write_text("task t {\n")
    latin = spec.with_name("c.cspec")
    latin.write_bytes(b"# caf\xe9\n")
    done = run("fmt", broken, latin, spec.parent / "none.cspec", spec.parent, spec)
    assert done.status == 64
    for code in ("CS015", "CS005", "CS003"):
        assert f"error[{code}]" in done.err
    assert "Is a directory" in done.err
    assert (broken.read_text(), spec.read_text()) == ("task t {\n", PRETTY)


def test_a_file_that_cannot_be_written(spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs as root may write everything, so the question is answered for the file here."""
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    done = run("fmt", spec)
    assert (done.status, spec.read_bytes()) == (4, UGLY.encode())
    assert done.err == f"error[CS522]: `{spec}` cannot be written: it is read-only\n"


def test_a_link_stays_a_link(spec: Path) -> None:
    link = spec.with_name("link.cspec")
    link.symlink_to(spec)
    assert run("fmt", link).status == 0
    assert link.is_symlink()
    assert spec.read_text() == PRETTY


def test_json_names_what_changed(spec: Path) -> None:
    shutil.copy(spec, spec.with_name("b.cspec"))
    run("fmt", spec)
    document = run("fmt", "--json", spec, spec.with_name("b.cspec")).document
    assert document["files"] == [str(spec.with_name("b.cspec"))]
    assert document["exit"] == 0


def test_a_result_that_means_something_else_is_never_written(spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cspec.lang.formatting import format_text

    monkeypatch.setattr(format_text, "write_lines", lambda lines: UGLY.replace("0 .. 3", "0 .. 4"))
    done = run("fmt", spec)
    assert (done.status, spec.read_bytes()) == (70, UGLY.encode())
    assert "error[CS901]: this is a bug in cspec" in done.err


def test_the_gallery_is_in_the_one_layout() -> None:
    gallery = [str(path) for path in (GALLERY.parent).glob("*/?*.cspec") if path.is_file()]
    assert len(gallery) > 15
    assert run("fmt", "--check", *gallery).status == 0
