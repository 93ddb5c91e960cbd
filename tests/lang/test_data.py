"""Types, tables and functions: what they mean, and what is said where one is wrong."""

from pathlib import Path

import pytest
from cspec.lang import Diagnostic, Program, Source, read_program
from cspec.lang.domains import BOOL, integers
from cspec.lang.program import OpenTable, Table

from .data_faults import CITIES, DATA_FAULTS, ROWS, SPEC, DataFault, MemoryFiles


def read(text: str, cities: bytes = CITIES, rows: bytes = ROWS) -> tuple[Program | None, tuple[Diagnostic, ...]]:
    return read_program(Source(Path("spec.cspec"), text), MemoryFiles(cities_csv=cities, rows_csv=rows))


def program_of(text: str, cities: bytes = CITIES) -> Program:
    program, diagnostics = read(text, cities)
    assert program is not None, diagnostics
    return program


@pytest.mark.parametrize("fault", DATA_FAULTS, ids=lambda fault: fault.name)
def test_one_fault_gives_one_error_at_its_place(fault: DataFault) -> None:
    program, diagnostics = read(fault.text, fault.cities, fault.rows)
    assert program is None
    (error,) = [d for d in diagnostics if d.severity == "error"]
    assert error.code == fault.code
    assert fault.text[error.label.span.start : error.label.span.end] == fault.under
    assert fault.help in error.help


@pytest.mark.parametrize("fault", [f for f in DATA_FAULTS if f.cities is not CITIES], ids=lambda fault: fault.name)
def test_the_line_of_the_file_is_named(fault: DataFault) -> None:
    lines = {"ragged": 6, "long_cell": 6, "open_quote": 6, "encoding": 6, "null": 6, "utf_16": 1}
    lines |= {"entity_without_name": 6, "entity_twice": 6, "column_without_name": 1}
    (error,) = read(fault.text, fault.cities)[1]
    wanted = [f"in line {lines[fault.name]} of `cities.csv`"] if fault.name in lines else []
    assert list(error.notes) == wanted


def test_an_entity_type_has_the_first_column_as_values_and_the_others_as_attributes() -> None:
    domain = program_of(SPEC).tasks["lands"].inputs[0].domain
    assert (domain.name, domain.labels) == ("City", ("Paris", "New York", "Lyon", "Berlin"))
    country, size, big = domain.attributes
    assert [country.domain.show(v) for v in country.values] == ["France", "USA", "France", "Germany"]
    assert (size.domain, size.values) == (integers(1, 9), (3, 9, 1, 4))
    assert (big.domain, big.values) == (BOOL, (1, 1, 0, 1))


def test_a_byte_order_mark_blank_lines_and_line_breaks_of_any_kind_change_nothing() -> None:
    plain = program_of(SPEC).tasks["lands"].inputs[0].domain
    odd = b"\xef\xbb\xbf" + CITIES.replace(b"\n", b"\r\n\r\n")
    again = program_of(SPEC, odd).tasks["lands"].inputs[0].domain
    assert (again, again.attributes) == (plain, plain.attributes)


def test_a_table_holds_its_values_by_the_code_of_its_keys() -> None:
    text = SPEC + (
        "table both: 0..1, bool -> bool = { (1, true): true, (0, true): false, (1, false): false, (0, false): true }\n"
        'table back: 0..3 -> 0..3 = csv("rows.csv", key: k, value: v)\n'
    )
    tables = program_of(text).tables
    both, back = tables["both"], tables["back"]
    assert isinstance(both, Table)
    assert isinstance(back, Table)
    assert both.values == (1, 0, 0, 1)  # the first key fastest: (0, false), (1, false), (0, true), (1, true)
    assert back.values == (3, 2, 1, 0)


def test_a_table_without_types_keeps_its_texts() -> None:
    text = SPEC + 'type part = {k, v}\nfor p in part {\n  table t[p] = csv("rows.csv", key: k, value: "{p}")\n}\n'
    tables = program_of(text).tables
    assert tables["t[v]"] == OpenTable("t[v]", "rows.csv", "k", "v", (("0", "3"), ("1", "2"), ("2", "1"), ("3", "0")))
    assert tables["t[k]"].rows[3] == ("3", "3")  # type: ignore[union-attr]


def test_a_call_means_the_functions_body_over_its_arguments() -> None:
    called = program_of(SPEC.replace("half(x)", "half(next[x])")).models["by_land"]
    written = program_of(SPEC.replace("half(x)", "next[x] // 2")).models["by_land"]
    assert str(called.mechanisms[0].expression).count("'//'") == 1
    assert called.mechanisms[0].expression.arguments[1] == written.mechanisms[0].expression.arguments[1]  # type: ignore[union-attr]


def test_a_loop_through_entities_decides_their_attributes_beforehand() -> None:
    text = SPEC + "model m for lands {\n  same = any(a == c for c in City where c.country == France)\n}\n"
    assert str(program_of(text).models["m"].mechanisms[0].expression).count("'=='") == 2
