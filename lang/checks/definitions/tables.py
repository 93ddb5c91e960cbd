"""Tables as written -> finite functions: every key once, every key there; or texts by texts, which may lack rows."""

from collections.abc import Collection, Sequence
from itertools import product as combinations

from ...data.read_csv import BadCsvError
from ...diagnostics import Label, Span
from ...domains import Domain, product
from ...program import OpenTable, Table
from ...record import record
from ...scope import Reporter
from ...suggest import suggest
from ...syntax.domains import CsvDomain
from ...syntax.leaves import Integer, Name
from ...syntax.tables import Cell, TableSyntax
from .domains import Domains

MAX_ENTRIES = 1_000_000
"""Keys that a table may have."""


@record
class _Row:
    """Keys and value as texts, and where they stand: in the spec, or in a line of its file."""

    keys: tuple[str, ...]
    value: str
    key_span: Span
    value_span: Span
    line: int | None = None


def check_table(syntax: TableSyntax, domains: Domains, report: Reporter) -> Table | OpenTable | None:
    """The table, or None after an error."""
    return _TableChecker(syntax, domains, report).check()


class _TableChecker:
    def __init__(self, syntax: TableSyntax, domains: Domains, report: Reporter) -> None:
        self.syntax = syntax
        self.domains = domains
        self.report = report
        self.name = syntax.name.text

    def check(self) -> Table | OpenTable | None:
        if self.syntax.domain is None:
            return self._open()
        keys = [self.domains.check_domain(key) for key in self.syntax.keys]
        domain = self.domains.check_domain(self.syntax.domain)
        known = tuple(key for key in keys if key is not None)
        if domain is None or len(known) < len(keys):
            return None
        joint = product(known)
        if joint.size > MAX_ENTRIES:
            self.report.error(
                "CS155",
                f"`{self.name}` would have {joint.size:,} keys, at most {MAX_ENTRIES:,} are possible",
                self.syntax.name.span,
                help="use smaller types as keys, or an expression",
            )
            return None
        rows = self._rows(len(known))
        if rows is None:
            return None
        values = self._values(rows, known, domain)
        if values is None:
            return None
        return Table(self.name, known, domain, values, self.syntax.doc, self.syntax.name.span)

    def _open(self) -> OpenTable | None:
        syntax = self.syntax
        if not isinstance(syntax.rows, CsvDomain):
            self.report.error(
                "CS156",
                f"table `{self.name}` does not say what it maps to what",
                syntax.name.span,
                help=f"state the types: `table {self.name}: 0..9 -> bool = ...`",
            )
            return None
        read = self.domains.data.read(syntax.rows)
        columns = self.domains.data.columns(syntax.rows, read[0]) if read is not None else None
        if read is None or columns is None or columns.value is None:
            return None
        table, path = read
        if len(columns.keys) != 1:
            self.report.error(
                "CS152",
                f"a table of texts has one key, found {len(columns.keys)}",
                columns.keys[1].span,
                help="state the types of the keys and the value to have several keys",
            )
            return None
        key, value = columns.keys[0].text, columns.value.text
        pairs = tuple(zip(table.column(key), table.column(value), strict=True))
        first: dict[str, int] = {}
        for (text, _), line in zip(pairs, table.lines, strict=True):
            if text in first:
                message = f"the key `{_short(text)}` comes twice, first in line {first[text]}"
                self.domains.data.refuse(BadCsvError("CS151", message, "keep one row for each key", line), path)
                return None
            first[text] = line
        return OpenTable(self.name, path.value, key, value, pairs, syntax.doc, syntax.name.span, table.header)

    # --- rows

    def _rows(self, count: int) -> list[_Row] | None:
        rows = self.syntax.rows
        if isinstance(rows, CsvDomain):
            return self._rows_of_file(rows, count)
        found = []
        for row in rows:
            if len(row.keys) != count:
                self.report.error(
                    "CS152",
                    f"expected {_keys(count)}, found {len(row.keys)}",
                    row.span,
                    help="write `a: b`, or `(a, b): c` for two keys",
                )
                return None
            span = Span(row.keys[0].span.start, row.keys[-1].span.end, row.span.run)
            found.append(_Row(tuple(map(_text, row.keys)), _text(row.value), span, row.value.span))
        return found

    def _rows_of_file(self, syntax: CsvDomain, count: int) -> list[_Row] | None:
        read = self.domains.data.read(syntax)
        columns = self.domains.data.columns(syntax, read[0]) if read is not None else None
        if read is None or columns is None or columns.value is None:
            return None
        table, path = read
        if len(columns.keys) != count:
            self.report.error(
                "CS152",
                f"expected {_keys(count)}, found {len(columns.keys)}",
                syntax.span,
                help="name one column for each key, `key: first, key: second`, in the order of the types",
            )
            return None
        cells = zip(*(table.column(name.text) for name in columns.keys), strict=True)
        values = table.column(columns.value.text)
        return [
            _Row(keys, value, path.span, path.span, line)
            for keys, value, line in zip(cells, values, table.lines, strict=True)
        ]

    def _values(self, rows: list[_Row], keys: Sequence[Domain], domain: Domain) -> tuple[int, ...] | None:
        """The value of every key, by the code of the keys' tuple."""
        codes = [_codes(key) for key in keys]
        values = _codes(domain)
        found: dict[int, tuple[int, _Row]] = {}
        intact = True
        for row in rows:
            parts = [code.get(text) for code, text in zip(codes, row.keys, strict=True)]
            for text, part, key in zip(row.keys, parts, keys, strict=True):
                if part is None:
                    intact = self._no_value(text, key, row, row.key_span)
            value = values.get(row.value)
            if value is None:
                intact = self._no_value(row.value, domain, row, row.value_span)
            if value is None or None in parts:
                if row.line is not None:
                    return None  # one row of a file is enough to see what is wrong
                continue
            at = _position([part for part in parts if part is not None], keys)
            if at in found:
                self._twice(row, found[at][1])
                intact = False
            found.setdefault(at, (value, row))
        total = product(tuple(keys)).size
        if intact and len(found) < total:
            self._missing(found.keys(), keys, total)
            intact = False
        return tuple(domain.low + found[code][0] for code in range(total)) if intact else None

    # --- what is wrong

    def _no_value(self, text: str, domain: Domain, row: _Row, span: Span) -> bool:
        known = domain.labels or ()
        self.report.error(
            "CS153",
            f"expected a value of `{domain.name}`, found `{_short(text)}`",
            span,
            notes=[f"in line {row.line} of the file"] if row.line is not None else [],
            help=suggest(text, known, "values") if known else f"the values are {domain.low}..{domain.high}",
        )
        return False

    def _twice(self, again: _Row, first: _Row) -> None:
        shown = _shown(again.keys)
        in_file = again.line is not None
        self.report.error(
            "CS151",
            f"`{self.name}` gives {shown} twice",
            again.key_span,
            "" if in_file else "again here",
            related=[] if in_file else [Label(first.key_span, "first here")],
            notes=[f"in line {first.line} and in line {again.line} of the file"] if in_file else [],
            help="keep one of them",
        )

    def _missing(self, given: Collection[int], keys: Sequence[Domain], total: int) -> None:
        known = set(given)
        missing: list[str] = []
        for codes in combinations(*(range(key.size) for key in reversed(keys))):
            parts = list(reversed(codes))
            if _position(parts, keys) not in known:
                missing.append(_shown(tuple(k.show(k.low + part) for k, part in zip(keys, parts, strict=True))))
            if len(missing) == 3:
                break
        rest = total - len(known) - len(missing)
        more = f" and {rest:,} more" if rest else ""
        self.report.error(
            "CS154",
            f"`{self.name}` has no value for {', '.join(missing)}{more}",
            self.syntax.rows_span,
            help="a table gives a value for every key: add the missing ones",
        )


def _codes(domain: Domain) -> dict[str, int]:
    """The code of every value by its text."""
    if domain.labels is not None:
        return {label: code for code, label in enumerate(domain.labels)}
    return {str(domain.low + code): code for code in range(domain.size)}


def _position(parts: Sequence[int], keys: Sequence[Domain]) -> int:
    at, weight = 0, 1
    for part, key in zip(parts, keys, strict=True):
        at += part * weight
        weight *= key.size
    return at


def _text(cell: Cell) -> str:
    if isinstance(cell, Integer):
        return str(cell.value)
    return cell.text if isinstance(cell, Name) else cell.value


def _shown(keys: tuple[str, ...]) -> str:
    return f"`{_short(keys[0])}`" if len(keys) == 1 else f"`({', '.join(map(_short, keys))})`"


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."


def _keys(count: int) -> str:
    return "one key" if count == 1 else f"{count} keys"
