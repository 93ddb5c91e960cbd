"""Every outcome, reason and estimand that the documentation explains, by a spec that is run: see `verdicts/`."""

import contextlib
import importlib.util
import io
import json
import re
import shutil
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cspec.cli.main import main
from cspec.compiler.terms import ESTIMAND_VERSIONS
from cspec.lang.checks.claims.expectations import REASONS
from safetensors.numpy import load_file

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).parent / "verdicts"
SPECS = sorted(path.name for path in FOLDER.glob("*.cspec"))
PAGE = (ROOT / "docs" / "verdicts.md").read_text(encoding="utf-8")
ESTIMANDS = (ROOT / "docs" / "estimands.md").read_text(encoding="utf-8")
QUOTED = re.findall(r"^<!-- verdict: (\S+) (\w+) -->\n```text\n(.*?)^```$", PAGE, re.S | re.M)


@dataclass(frozen=True)
class Ran:
    """A spec that was verified: exit status, what it printed, and the store that it left."""

    status: int
    out: str
    store: Path


def verify(spec: str, store: Path) -> Ran:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        status = main(["verify", str(FOLDER / spec), "--store", str(store), "--allow-path"])
    return Ran(status, out.getvalue(), store)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ran]:
    """Every spec, each run once in a store of its own."""
    return {spec: verify(spec, tmp_path_factory.mktemp("verdicts") / "store") for spec in SPECS}


def block(out: str, claim: str) -> list[str]:
    """The lines that are printed of a claim."""
    found = re.search(rf"^{claim}: .*?(?=\n\n|\Z)", out, re.S | re.M)
    assert found is not None, claim
    return found[0].split("\n")


@pytest.mark.parametrize("spec", SPECS)
def test_every_example_comes_out_as_it_says(ran: dict[str, Ran], spec: str) -> None:
    assert ran[spec].status == 0, ran[spec].out
    assert re.search(r"expectations: \d+ met\n$", ran[spec].out)


@pytest.mark.parametrize(
    ("spec", "claim", "text"), [quoted for quoted in QUOTED if quoted[0] != "unstable"], ids=lambda value: value[:20]
)
def test_what_is_quoted_of_a_verdict_is_printed(ran: dict[str, Ran], spec: str, claim: str, text: str) -> None:
    """The quoted lines, in their order; a quotation may leave lines out, never the first."""
    lines, at = block(ran[spec].out, claim), 0
    wanted = text.rstrip("\n").split("\n")
    assert wanted[0] == lines[0]
    for line in wanted:
        assert line in lines[at:], line
        at = lines.index(line, at) + 1


def test_a_verdict_that_changes_for_no_reason_is_unstable(ran: dict[str, Ran], tmp_path: Path) -> None:
    """The ledger of decisions is made to say that the claim was refuted before."""
    ((_, claim, text),) = [quoted for quoted in QUOTED if quoted[0] == "unstable"]
    store = tmp_path / "store"
    shutil.copytree(ran["outcomes.cspec"].store, store)
    ledger = store / "decisions.jsonl"
    entries = [json.loads(line) for line in ledger.read_text().splitlines()]
    entries[0]["outcome"] = "refuted"
    ledger.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    again = verify("outcomes.cspec", store)
    assert again.status == 3
    assert all(line in block(again.out, claim) for line in text.rstrip("\n").split("\n"))


def test_every_outcome_grade_and_reason_has_an_example() -> None:
    said = " ".join(" ".join(text.split()) for _, _, text in QUOTED)
    for outcome in ("holds under", "refuted", "unsupported", "inconclusive"):
        assert f": {outcome}" in said
    assert {"statistical", "search"} <= set(re.findall(r"\[(\w+)\]", said))
    assert "[exhaustive]" in PAGE
    given = set(re.findall(r"inconclusive\((\w+)", said))
    assert given == set(REASONS)
    names = set(re.findall(r"inconclusive\((?:vacuous|control_unsettled): ([^)]*)\)", said))
    assert names == {"no-op", "random subspace", "scrambled model", "flipped model", "random networks", "random origin"}


def test_networks_are_what_the_script_writes(tmp_path: Path) -> None:
    specification = importlib.util.spec_from_file_location("wire", FOLDER / "wire.py")
    assert specification is not None
    assert specification.loader is not None
    wire: Any = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(wire)
    wire.main(tmp_path)
    written = sorted(path.name for path in tmp_path.iterdir())
    assert written == sorted(path.name for path in FOLDER.glob("*.safetensors"))
    for name in written:
        ours, theirs = load_file(tmp_path / name), load_file(FOLDER / name)
        assert {key: tensor.tolist() for key, tensor in ours.items()} == {
            key: np.asarray(tensor).tolist() for key, tensor in theirs.items()
        }


def rows(title: str) -> list[list[str]]:
    """The rows of the first table below a heading of the page of estimands."""
    below = ESTIMANDS.split(f"## {title}\n")[1]
    lines = re.search(r"^\|-.*\n((?:\|.*\n)+)", below, re.M)
    assert lines is not None
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1].splitlines()]


def test_versions_of_estimands_are_those_of_the_code() -> None:
    assert {row[0].strip("`"): int(row[3]) for row in rows("The estimands")} == ESTIMAND_VERSIONS


def test_values_that_are_theorems_come_out(ran: dict[str, Ran]) -> None:
    """0 and 1 exactly; any other value lies in its interval."""
    (result,) = (ran["estimands.cspec"].store / "results").iterdir()
    quantities = {q["text"]: q for v in json.loads(result.read_text())["verdicts"] for q in v["quantities"]}
    stated = {row[0].strip("`"): Fraction(row[1]) for row in rows("Values that are theorems")}
    assert set(stated) == set(quantities)
    for text, value in stated.items():
        found = quantities[text]
        if value in (0, 1):
            assert found["estimate"] == value, text
        else:
            assert found["low"] < value < found["high"], text
    assert {text.split("(")[0] for text in stated} | {"iia ->", "iia from"} == set(ESTIMAND_VERSIONS)
    assert any(" -> " in text for text in stated)
