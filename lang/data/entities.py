"""A CSV table -> an entity type: the first column's values, the other columns as attributes."""

from ..domains import BOOL, Attribute, Domain, integers
from .read_csv import BadCsvError, CsvTable

LARGEST = 2**31


def entity_domain(table: CsvTable, name: str) -> Domain:
    """The domain of a type. Raises BadCsvError where a value is empty or comes twice."""
    key = table.header[0]
    values = table.column(key)
    first: dict[str, int] = {}
    for value, line in zip(values, table.lines, strict=True):
        if not value.strip():
            raise BadCsvError("CS150", f"the value in `{key}` is empty", "the first column holds the values", line)
        if value in first:
            message = f"the value `{value}` comes twice, first in line {first[value]}"
            raise BadCsvError("CS151", message, "keep one row for each value", line)
        first[value] = line
    attributes = tuple(attribute_of(table, column, f"{name}.{column}") for column in table.header[1:])
    return Domain(name, 0, len(values), values, attributes=attributes)


def attribute_of(table: CsvTable, column: str, name: str) -> Attribute:
    """A column as one value for each row: numbers if all cells are whole numbers, else truth values or symbols."""
    cells = table.column(column)
    numbers = [_number(cell) for cell in cells]
    known = [number for number in numbers if number is not None]
    if len(known) == len(cells):
        return Attribute(column, integers(min(known), max(known)), tuple(known))
    if set(cells) <= {"true", "false"}:
        return Attribute(column, BOOL, tuple(int(cell == "true") for cell in cells))
    labels = {cell: code for code, cell in enumerate(dict.fromkeys(cells))}
    return Attribute(column, Domain(name, 0, len(labels), tuple(labels)), tuple(labels[cell] for cell in cells))


def _number(cell: str) -> int | None:
    digits = cell.strip().removeprefix("-")
    if not digits.isascii() or not digits.isdecimal() or len(digits) > 10 or int(digits) > LARGEST:
        return None
    return int(cell)
