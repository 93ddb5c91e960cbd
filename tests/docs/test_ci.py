"""The page on CI, read from top to bottom in one folder: sessions print what it quotes, its workflow's steps run."""

import re
import shutil
from pathlib import Path

import pytest
from cspec.tests.command_line import run, type_line
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

ROOT = Path(__file__).resolve().parents[2]
NETWORK = ROOT / "specs" / "handwired_equality" / "handwired_equality.safetensors"
PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^<!-- (file|session|workflow): (\S+) -->\n```\w+\n(.*?)^```$", re.M | re.S)
HASH = re.compile(r"\b[0-9a-f]{12,16}\b")
STEP = re.compile(r"run: (cspec .*)$", re.M)


def exchange_neurons(network: Path, path: Path) -> None:
    """A network that computes the same by other neurons: the two comparisons of its first layer change places."""
    with safe_open(network, "np") as file:
        metadata = file.metadata()
    tensors = load_file(network)
    order = [4, 5, 6, 7, 0, 1, 2, 3]
    for name in ("layers.0.weight", "layers.0.bias"):
        tensors[name] = tensors[name][order].copy()
    tensors["layers.1.weight"] = tensors["layers.1.weight"][:, order].copy()
    save_file(tensors, path, metadata)


def test_sessions_print_what_the_page_quotes_and_the_steps_of_its_workflow_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The workflow is run between the two sessions: in the repository as the first one leaves it."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(NETWORK, tmp_path)
    exchange_neurons(NETWORK, tmp_path / "this_month.safetensors")
    kinds = []
    for kind, value, text in BLOCK.findall(PAGE):
        kinds.append(kind)
        if kind == "file":
            Path(value).write_text(text, encoding="utf-8")
        elif kind == "workflow":
            steps = STEP.findall(text)
            assert [step.split()[1] for step in steps] == ["check", "verify", "diff"]
            for step in steps:
                done = run(*step.split()[1:])
                assert (done.status, done.err) == (0, ""), step
            assert set(re.findall(r"path: ([\w./]+)", text)) == {".cspec", "reports"}
            assert {".cspec", "reports"} <= {path.name for path in tmp_path.iterdir()}
        else:
            found = "".join(f"$ {line}\n{type_line(line, tmp_path)}" for line in re.findall(r"^\$ (.*)$", text, re.M))
            assert HASH.sub("#", found) == HASH.sub("#", text)
    assert kinds == ["file", "session", "workflow", "session"]
