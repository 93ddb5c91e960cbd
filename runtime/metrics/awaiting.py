"""Answers that a table of scores lacks: a person or another program is to score them before a claim can be decided."""

import csv
import io
from collections.abc import Iterable
from pathlib import PurePosixPath

from ...compiler.metrics import TextTable
from ..results.store import Store


class Missing:
    """The keys that tables lack, by the file that the tables are columns of; each once, in the order of their runs."""

    def __init__(self) -> None:
        self.keys: dict[str, dict[str, None]] = {}
        self.tables: dict[str, TextTable] = {}

    def add(self, table: TextTable, keys: Iterable[str]) -> None:
        """Note keys that a table lacks."""
        self.tables.setdefault(table.path, table)
        self.keys.setdefault(table.path, {}).update(dict.fromkeys(keys))

    def take(self, other: "Missing") -> None:
        """Note what another has noted."""
        for path, keys in other.keys.items():
            self.add(other.tables[path], keys)

    def text(self) -> str:
        """What is to be done, in words."""
        said = []
        for path, keys in self.keys.items():
            has = f"{len(keys):,} answer has" if len(keys) == 1 else f"{len(keys):,} answers have"
            file = missing_name(path)
            said.append(f"{has} no row in `{path}`: fill in the rows of the store's `{file}`, and append them")
        return "; ".join(said)

    def write(self, store: Store) -> None:
        """Write each file's missing rows, its own header above them, into the store.

        Raises:
            EnvironmentProblem: the store cannot be written.
        """
        for path, keys in self.keys.items():
            table = self.tables[path]
            out = io.StringIO()
            rows = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
            rows.writerow(table.header)
            for key in keys:
                rows.writerow([key if column == table.key else "" for column in table.header])
            store.save_text(missing_name(path), out.getvalue())


class AwaitingScores(Exception):
    """Some answers have no row in a table yet: which."""

    def __init__(self, missing: Missing) -> None:
        super().__init__(missing.text())
        self.missing = missing


def missing_name(path: str) -> str:
    """How a file of missing rows is called: `judge.missing.csv` of `judge.csv`; a folder stands before it."""
    plain = PurePosixPath(path.replace("\\", "/"))
    return "-".join(part for part in plain.with_suffix("").parts if part not in (".", "..", "/")) + ".missing.csv"
