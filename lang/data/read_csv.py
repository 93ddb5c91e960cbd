"""The bytes of a CSV file -> a header and rows of texts, each with its line."""

from ..record import record

MAX_BYTES = 16 * 2**20
"""Size of a CSV file that a spec reads."""
MAX_ROWS = 200_000
"""Rows of one."""
MAX_COLUMNS = 1_000
"""Columns of one."""


@record
class CsvTable:
    """Rows of cells under a header; `lines` are the rows' lines in the file, from 1."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]

    def column(self, name: str) -> tuple[str, ...]:
        """The cells under one word of the header."""
        at = self.header.index(name)
        return tuple(row[at] for row in self.rows)


class BadCsvError(Exception):
    """A file that is no CSV table; `line` from 1, None where the fault is the file's as a whole."""

    def __init__(self, code: str, message: str, help: str, line: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.help = help
        self.line = line


def parse_csv(content: bytes) -> CsvTable:
    """The table of a UTF-8 file with a header: commas between cells, double quotes around cells that need them.

    Blanks around a cell without quotes are kept; lines without any cell are passed over. Raises BadCsvError.
    """
    import csv  # few specs read data
    import io

    text = _decoded(content)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: tuple[str, ...] | None = None
    rows: list[tuple[str, ...]] = []
    lines: list[int] = []
    before = 0
    try:
        for cells in reader:
            line, before = before + 1, reader.line_num
            if not cells:
                continue
            if header is None:
                header = _header(cells, line)
                _check_separator(header, line)
            elif len(cells) != len(header):
                message = f"expected {_cells(len(header))}, found {_cells(len(cells))}"
                raise BadCsvError("CS148", message, "put cells with a comma in double quotes", line)
            else:
                rows.append(tuple(cells))
                lines.append(line)
            if len(rows) > MAX_ROWS:
                raise BadCsvError("CS147", f"the file has more than {MAX_ROWS:,} rows", "use a smaller file")
    except csv.Error as error:
        message = "a cell is too long" if "field larger" in str(error) else f"this is no row of cells: {error}"
        raise BadCsvError(
            "CS148", message, 'close every double quote, and write `""` for one in a cell', before + 1
        ) from None
    if header is None:
        raise BadCsvError("CS148", "the file is empty", "its first line names the columns")
    if not rows:
        raise BadCsvError("CS148", "the file has no rows below its header", "add a row for each value")
    return CsvTable(header, tuple(rows), tuple(lines))


def _decoded(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        shown = f"the byte 0x{content[error.start]:02X} is no UTF-8"
        raise BadCsvError("CS149", shown, "save the file as UTF-8", line) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise BadCsvError("CS149", "the file holds a null character", "save the file as UTF-8 text", line)
    return text


def _header(cells: list[str], line: int) -> tuple[str, ...]:
    names = tuple(cell.strip() for cell in cells)
    if len(names) > MAX_COLUMNS:
        raise BadCsvError("CS147", f"the file has more than {MAX_COLUMNS:,} columns", "leave out those not read")
    for index, name in enumerate(names):
        if not name:
            raise BadCsvError("CS148", f"column {index + 1} has no name", "name every column in the first line", line)
        if name in names[:index]:
            raise BadCsvError("CS148", f"two columns are called `{name}`", "rename one of them", line)
    return names


def _check_separator(header: tuple[str, ...], line: int) -> None:
    """A single column whose name holds another sign that separates cells is meant as several."""
    for sign, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if len(header) == 1 and sign in header[0]:
            message = f"the header is one cell, with {name} in it"
            raise BadCsvError("CS148", message, "separate cells by commas", line)


def _cells(count: int) -> str:
    return f"{count} cell" if count == 1 else f"{count} cells"
