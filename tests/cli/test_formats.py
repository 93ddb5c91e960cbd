"""`cspec check --format`: the same diagnostics as text, JSON, workflow commands and SARIF."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from cspec.lang.reports.github import render_github

from .tools import run

BAD = Path(__file__).parents[1] / "golden" / "bad"
GOOD = BAD.parent / "good"
WITH_RELATED, WARNING = BAD / "declared_twice.cspec", GOOD / "unused_variable.cspec"


def rows(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = run("check", "--json", path).document["diagnostics"]
    return found


def sarif(path: Path) -> dict[str, Any]:
    done = run("check", "--format", "sarif", path)
    assert done.err == ""
    log: dict[str, Any] = json.loads(done.out)
    return log


@pytest.mark.parametrize("path", [WITH_RELATED, WARNING, BAD / "several_type_errors.cspec"], ids=lambda path: path.stem)
def test_sarif_has_the_required_parts_and_every_diagnostic(path: Path) -> None:
    log = sarif(path)
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-schema-2.1.0.json")
    (found,) = log["runs"]
    driver = found["tool"]["driver"]
    assert driver["name"] == "cspec"
    assert [result["ruleId"] for result in found["results"]] == [row["code"] for row in rows(path)]
    for result, row in zip(found["results"], rows(path), strict=True):
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] == row["severity"]
        assert row["message"] in result["message"]["text"]
        (location,) = result["locations"]
        region = location["physicalLocation"]["region"]
        assert (region["startLine"], region["startColumn"]) == (row["line"], row["column"])
        assert (region["endLine"], region["endColumn"]) == (row["end_line"], row["end_column"])
        assert len(result.get("relatedLocations", [])) == len(row["related"])


def test_paths_in_sarif_are_uris(tmp_path: Path) -> None:
    spec = tmp_path / "my spec.cspec"
    spec.write_text("modle m for t { }\n")
    (result,) = sarif(spec)["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == spec.as_uri()


def test_github_commands_name_the_place() -> None:
    (row,) = [row for row in rows(WITH_RELATED) if row["code"] == "CS102"]
    done = run("check", "--format", "github", WITH_RELATED)
    assert (done.status, done.err) == (2, "")
    place = f"file={WITH_RELATED},line={row['line']},endLine={row['line']},col={row['column']},"
    assert f"::error {place}endColumn={row['end_column'] - 1},title=CS102::" in done.out
    assert "%0Ahelp: rename or remove one of them\n" in done.out


def test_github_commands_are_escaped() -> None:
    row = {"code": "CS003", "severity": "warning", "message": "100% of\r\nit", "help": "a: b, c", "path": "a,b:c%"}
    place = {"line": 1, "column": 2, "end_line": 3, "end_column": 4}
    assert render_github([row]) == "::warning title=CS003::100%25 of%0D%0Ait%0Ahelp: a: b, c\n"
    assert render_github([row | place]) == (
        "::warning file=a%2Cb%3Ac%25,line=1,endLine=3,title=CS003::100%25 of%0D%0Ait%0Ahelp: a: b, c\n"
    )


@pytest.mark.parametrize("format", ["text", "json", "github", "sarif"])
def test_exit_status_and_codes_are_the_same(format: str, tmp_path: Path) -> None:
    for path, status in ((WITH_RELATED, 2), (WARNING, 0), (BAD / "missing_checkpoint.cspec", 4), (tmp_path, 64)):
        done = run("check", path, "--format", format)
        assert done.status == status
        found = set(re.findall(r"CS\d{3}", done.out + done.err)) - set(re.findall(r"CS\d{3}", str(path)))
        assert found >= {row["code"] for row in rows(path)}
        assert found


def test_a_file_without_errors_is_an_empty_log(tmp_path: Path) -> None:
    assert sarif(GOOD / "equality.cspec")["runs"][0]["results"] == []
    assert run("check", GOOD / "equality.cspec", "--format", "github").out == ""
