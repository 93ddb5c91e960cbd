"""Rows of diagnostics -> a log in SARIF 2.1.0, which code scanning reads."""

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from ..codes import CODES

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def render_sarif(rows: Sequence[dict[str, Any]], version: str) -> dict[str, Any]:
    """One run of one tool: a rule for each code that occurs, a result for each diagnostic.

    Columns count code points from 1, and the end is exclusive, as in SARIF.
    """
    codes = sorted({row["code"] for row in rows})
    driver = {"name": "cspec", "version": version, "rules": [_rule(code) for code in codes]}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "results": [_result(row, codes) for row in rows],
            }
        ],
    }


def _rule(code: str) -> dict[str, Any]:
    return {"id": code, "shortDescription": {"text": CODES[code].title}}


def _result(row: dict[str, Any], codes: list[str]) -> dict[str, Any]:
    lines = [row["message"], *row.get("notes", ()), row.get("help", "")]
    result: dict[str, Any] = {
        "ruleId": row["code"],
        "ruleIndex": codes.index(row["code"]),
        "level": row["severity"],
        "message": {"text": "\n".join(line for line in lines if line)},
    }
    if "line" in row:
        result["locations"] = [_location(row["path"], row)]
        related = [_location(row["path"], place) for place in row.get("related", ())]
        if related:
            result["relatedLocations"] = related
    return result


def _location(path: str, place: dict[str, Any]) -> dict[str, Any]:
    region = {
        "startLine": place["line"],
        "startColumn": place["column"],
        "endLine": place["end_line"],
        "endColumn": place["end_column"],
    }
    location: dict[str, Any] = {
        "physicalLocation": {"artifactLocation": {"uri": _uri(path)}, "region": region},
    }
    if place.get("label"):
        location["message"] = {"text": place["label"]}
    return location


def _uri(path: str) -> str:
    return PurePosixPath(path).as_uri() if PurePosixPath(path).is_absolute() else quote(path)
