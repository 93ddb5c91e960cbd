"""Rows of diagnostics -> workflow commands, which GitHub shows beside the lines that they are about."""

from collections.abc import Iterable
from typing import Any


def render_github(rows: Iterable[dict[str, Any]]) -> str:
    """One `::error` or `::warning` command a line; message, notes and help in one text.

    The format is that of GitHub's documentation of workflow commands: in a message `%`, CR and LF are escaped, in a
    property `:` and `,` too.
    """
    return "".join(f"::{row['severity']} {_properties(row)}::{_escape(_text(row))}\n" for row in rows)


def _properties(row: dict[str, Any]) -> str:
    properties: dict[str, Any] = {}
    if "line" in row:
        properties["file"] = row["path"]
        properties["line"] = row["line"]
        properties["endLine"] = row["end_line"]
        if row["line"] == row["end_line"]:  # columns of several lines are refused
            properties["col"] = row["column"]
            properties["endColumn"] = max(row["column"], row["end_column"] - 1)
    properties["title"] = row["code"]
    return ",".join(f"{key}={_escape_property(str(value))}" for key, value in properties.items())


def _text(row: dict[str, Any]) -> str:
    parts = [row["message"], *(f"note: {note}" for note in row.get("notes", ()))]
    return "\n".join([*parts, f"help: {row['help']}"] if row.get("help") else parts)


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")
