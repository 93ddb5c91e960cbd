"""Paths of data files as a spec writes them -> CSV tables, each read once; what is wrong is said at the path."""

import hashlib
from dataclasses import dataclass, field

from ..diagnostics import Span
from ..files import FileRefusedError, Files
from ..record import record
from ..scope import Reporter
from ..suggest import suggest
from ..syntax.domains import CsvDomain
from ..syntax.leaves import Name, Text
from ..words.borrowed import RANGES
from .read_csv import MAX_BYTES, BadCsvError, CsvTable, parse_csv


@record
class Columns:
    """The columns that `key:` and `value:` name, where they stand."""

    keys: tuple[Name, ...]
    value: Name | None


@dataclass
class DataReader:
    """Reads the files that a spec's types and tables name. `digests`: the sha256 of each file, by its path."""

    files: Files
    report: Reporter
    digests: dict[str, str] = field(default_factory=dict)
    _tables: dict[str, CsvTable | None] = field(default_factory=dict)

    def read(self, syntax: CsvDomain) -> tuple[CsvTable, Text] | None:
        """The table and its path; None after an error."""
        path = self._path(syntax)
        if path is None:
            return None
        if path.value not in self._tables:
            self._tables[path.value] = self._read(path)
        table = self._tables[path.value]
        return None if table is None else (table, path)

    def refuse(self, error: BadCsvError, path: Text) -> None:
        """Report what is wrong in a file, with its line."""
        notes = [f"in line {error.line} of `{path.value}`"] if error.line is not None else []
        self.report.error(error.code, f"`{path.value}`: {error.message}", path.span, notes=notes, help=error.help)

    def columns(self, syntax: CsvDomain, table: CsvTable) -> Columns | None:
        """The columns that the arguments after the path name; None after an error."""
        keys: list[Name] = []
        values: list[Name] = []
        intact = True
        for argument in syntax.arguments[1:]:
            found = argument.value
            word = argument.key.text if argument.key is not None else ""
            if word not in ("key", "value") or not isinstance(found, Name | Text):
                self._bad_arguments(argument.span)
                return None
            name = found if isinstance(found, Name) else Name(found.value, found.span)
            if name.text not in table.header:
                self.report.error(
                    "CS157",
                    f"the file has no column `{name.text}`",
                    name.span,
                    help=suggest(name.text, table.header, "columns"),
                )
                intact = False
            (keys if word == "key" else values).append(name)
        if not keys or len(values) != 1:
            self._bad_arguments(syntax.span)
            return None
        return Columns(tuple(keys), values[0]) if intact else None

    def _path(self, syntax: CsvDomain) -> Text | None:
        if syntax.loader.text != "csv":
            self.report.error(
                "CS158",
                f"expected `csv(...)`, found `{syntax.loader.text}(...)`",
                syntax.loader.span,
                help=RANGES if syntax.loader.text == "range" else 'values come from a file by `csv("values.csv")`',
            )
            return None
        first = syntax.arguments[0] if syntax.arguments else None
        if first is None or first.key is not None or not isinstance(first.value, Text):
            self._bad_arguments(syntax.span)
            return None
        return first.value

    def _bad_arguments(self, span: Span) -> None:
        self.report.error(
            "CS158",
            "`csv(...)` takes a path; in a table, also the columns of the keys and the value",
            span,
            help='write `csv("values.csv")`, or `csv("rows.csv", key: name, value: name)` in a table',
        )

    def _read(self, path: Text) -> CsvTable | None:
        try:
            file = self.files.read(path.value, "", MAX_BYTES)
        except FileRefusedError as refused:
            self.report.error(refused.code, refused.message, path.span, help=refused.help)
            return None
        self.digests[path.value] = hashlib.sha256(file.content).hexdigest()
        try:
            return parse_csv(file.content)
        except BadCsvError as error:
            self.refuse(error, path)
            return None
