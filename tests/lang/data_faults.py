"""Specs that read data, each with one fault: files in memory, the code, what is underlined, and the help."""

from typing import NamedTuple

from cspec.lang.files import FileRefusedError, FileText

CITIES = (
    b'name,country,size,big\nParis,France,3,true\n"New York",USA,9,true\nLyon,France,1,false\nBerlin,Germany,4,true\n'
)
ROWS = b"k,v\n0,3\n1,2\n2,1\n3,0\n"

SPEC = """type City = csv("cities.csv")
table next: 0..3 -> 0..3 = { 0: 1, 1: 2, 2: 3, 3: 0 }
fn half(n: 0..3): 0..1 = n // 2
task lands {
  input  a, b: City
  input  x, y: 0..3
  output same: bool
  tokens [a, b, x, y]
  answer same: { false: 0, true: 1 }
}
model by_land for lands {
  same = a.country == b.country and half(x) == next[y]
}
"""
NEXT = "0..3 -> 0..3 = { 0: 1, 1: 2, 2: 3, 3: 0 }"


class MemoryFiles:
    """Files by their path."""

    def __init__(self, **files: bytes) -> None:
        self.files = {name.replace("_csv", ".csv").replace("_cspec", ".cspec"): text for name, text in files.items()}

    def read(self, path: str, beside: str, most: int) -> FileText:
        if path not in self.files:
            raise FileRefusedError("CS146", f"`{path}` cannot be read: there is no such file", "check the path")
        if len(self.files[path]) > most:
            raise FileRefusedError("CS147", f"`{path}` is too large", "use a smaller one")
        return FileText(path, self.files[path])


class DataFault(NamedTuple):
    name: str
    old: str
    new: str
    code: str
    under: str
    help: str
    cities: bytes = CITIES
    rows: bytes = ROWS

    @property
    def text(self) -> str:
        assert self.old in SPEC
        return SPEC.replace(self.old, self.new, 1)


def csv_fault(name: str, cities: bytes, code: str, help: str) -> DataFault:
    return DataFault(name, "", "", code, '"cities.csv"', help, cities)


LONG = b"name\n" + b"\n".join(b"c%d" % i for i in range(200_001))
DATA_FAULTS = [
    DataFault("missing_file", "cities.csv", "city.csv", "CS146", '"city.csv"', "check the path"),
    csv_fault("too_large", b"a" * (16 * 2**20 + 1), "CS147", "smaller"),
    csv_fault("too_many_rows", LONG, "CS147", "smaller"),
    csv_fault("too_many_columns", ",".join(f"c{i}" for i in range(1001)).encode() + b"\n", "CS147", "leave out"),
    csv_fault("ragged", CITIES + b"Oslo\n", "CS148", "double quotes"),
    csv_fault("long_cell", CITIES + b'"' + b"a" * 200_000 + b'",b,1,true\n', "CS148", "double quote"),
    csv_fault("open_quote", CITIES + b'"Oslo', "CS148", "double quote"),
    csv_fault("no_bytes", b"", "CS148", "first line"),
    csv_fault("blank_lines_only", b"\n\n\n", "CS148", "first line"),
    csv_fault("no_rows", b"name,country\n", "CS148", "add a row"),
    csv_fault("column_without_name", b"name,,size\na,b,1\n", "CS148", "name every column"),
    csv_fault("encoding", CITIES + b"M\xfcnchen,Germany,2,true\n", "CS149", "UTF-8"),
    csv_fault("utf_16", CITIES.decode().encode("utf-16"), "CS149", "UTF-8"),
    csv_fault("null", CITIES + b"Os\0lo,Norway,2,true\n", "CS149", "UTF-8"),
    csv_fault("entity_without_name", CITIES + b" ,Norway,2,true\n", "CS150", "first column"),
    csv_fault("entity_twice", CITIES + b"Lyon,France,2,true\n", "CS151", "one row"),
    DataFault("key_twice", "3: 0 }", "2: 0 }", "CS151", "2", "keep one"),
    DataFault("key_count", "3: 0 }", "(3, 3): 0 }", "CS152", "(3, 3): 0", "two keys"),
    DataFault(
        "columns_count",
        NEXT,
        'bool, 0..3 -> 0..3 = csv("rows.csv", key: k, value: v)',
        "CS152",
        'csv("rows.csv", key: k, value: v)',
        "in the order of the types",
    ),
    DataFault(
        "texts_with_two_keys",
        "next: " + NEXT,
        'other = csv("rows.csv", key: k, key: v, value: v)\ntable next: ' + NEXT,
        "CS152",
        "v",
        "state the types",
    ),
    DataFault(
        "row_of_another_type", NEXT, '0..3 -> 0..2 = csv("rows.csv", key: k, value: v)', "CS153", '"rows.csv"', "0..2"
    ),
    DataFault("key_missing", ", 3: 0 }", " }", "CS154", "0: 1, 1: 2, 2: 3", "every key"),
    DataFault(
        "row_missing",
        NEXT,
        '0..4 -> 0..3 = csv("rows.csv", key: k, value: v)',
        "CS154",
        'csv("rows.csv", key: k, value: v)',
        "every key",
    ),
    DataFault("too_many_keys", "next: 0..3", "next: 0..3, 0..999_999", "CS155", "next", "smaller types"),
    DataFault("no_types", ": " + NEXT, " = { 0: 1 }", "CS156", "next", "state the types"),
    DataFault(
        "texts_in_a_model", ": " + NEXT, ' = csv("rows.csv", key: k, value: v)', "CS156", "next[y]", "needs types"
    ),
    DataFault("no_column", NEXT, '0..3 -> 0..3 = csv("rows.csv", key: k, value: w)', "CS157", "w", "the columns are"),
    DataFault("no_columns", NEXT, '0..3 -> 0..3 = csv("rows.csv")', "CS158", 'csv("rows.csv")', "key: name"),
    DataFault("no_path", '"cities.csv"', "cities", "CS158", "csv(cities)", "csv("),
    DataFault("other_loader", "csv(", "tsv(", "CS158", "tsv", "csv("),
    DataFault("columns_of_a_type", '"cities.csv"', '"cities.csv", key: name', "CS158", "key: name", "first column"),
    DataFault("no_such_attribute", "a.country", "a.land", "CS159", "land", "the attributes are"),
    DataFault("attribute_of_a_number", "a.country", "x.country", "CS159", "x", "type City"),
    DataFault(
        "countries_of_two_columns", "a.country == b.country", "a.country == b.name", "CS159", "name", "attributes"
    ),
    DataFault("two_keys", "next[y]", "next[y, x]", "CS160", "next[y, x]", "each key"),
    DataFault("no_table", "next[y]", "nxt[y, x]", "CS160", "nxt", "did you mean"),
    DataFault("key_outside", "next[y]", "next[y + 1]", "CS161", "y + 1", "keep it inside"),
    DataFault("key_of_another_type", "next[y]", "next[a.big]", "CS161", "a.big", "0..3"),
    DataFault("argument_outside", "half(x)", "half(2 * x)", "CS161", "2 * x", "keep it inside"),
    DataFault("argument_of_another_type", "half(x)", "half(a)", "CS161", "a", "0..3"),
    DataFault("recursive", "= n // 2", "= half(n) // 2", "CS163", "half", "written out"),
    DataFault("parameter_twice", "(n: 0..3)", "(n, n: 0..3)", "CS164", "n", "rename"),
    DataFault("result_leaves", "= n // 2", "= n", "CS166", "n", "change the type"),
    DataFault("result_of_another_type", "= n // 2", "= n == 2", "CS166", "n == 2", "change the type"),
    DataFault(
        "too_large_written_out",
        "fn half(n: 0..3): 0..1 = n // 2",
        "fn a(n: 0..3) = (n + n + n + n) % 4\nfn b(n: 0..3) = a(a(a(n)))\nfn half(n: 0..3) = b(b(b(n)))",
        "CS167",
        "b(b(b(n)))",
        "a variable of its own",
    ),
    DataFault(
        "too_deep_written_out",
        "fn half(n: 0..3): 0..1 = n // 2",
        "fn f0(n: 0..3) = -(-n)\n"
        + "".join(f"fn f{i}(n: 0..3) = f{i - 1}(n) // 1\n" for i in range(1, 202))
        + "fn half(n: 0..3) = n // 2",
        "CS167",
        "f198(n)",
        "a variable of its own",
    ),
    DataFault("function_built_in", "fn half", "fn count(n: 0..3) = n\nfn half", "CS168", "count", "another name"),
    DataFault("function_twice", "task lands", "fn half(n: 0..3) = n\ntask lands", "CS102", "half", "rename"),
    DataFault(
        "table_twice",
        "fn half",
        "table next: bool -> bool = { false: true, true: false }\nfn half",
        "CS102",
        "next",
        "rename",
    ),
    DataFault("unknown_quoted", "a.country == b.country", 'a == "New  York"', "CS101", '"New  York"', "did you mean"),
    DataFault("table_and_variable", "input  x, y: 0..3", "input  x, y, next: 0..3", "CS112", "next[y]", "rename"),
]
