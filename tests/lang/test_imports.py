"""Imports: each file once, names as they are or by their file, and paths from the file that writes them."""

from pathlib import Path

from cspec.compiler.read_files import FolderFiles
from cspec.lang import Diagnostic, Program, Source, read_imports, read_program

TASK = """task turn {
  input  x, y: 0..3
  output out: 0..3
  tokens [x, y]
  answer out: index
}
"""


def check(folder: Path, **files: str) -> tuple[Source, Program | None, tuple[Diagnostic, ...]]:
    """The program of `spec.cspec`; a name `a__b` is the file `a/b.cspec`."""
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.cspec"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    reader = FolderFiles(folder)
    source, found = read_imports(Source(folder / "spec.cspec", files["spec"]), reader)
    program, problems = read_program(source, reader)
    return source, program, found + problems


def right(folder: Path, **files: str) -> Program:
    _, program, found = check(folder, **files)
    assert program is not None
    assert found == ()
    return program


def test_what_is_imported_is_visible_as_it_is_and_by_its_file(tmp_path: Path) -> None:
    spec = 'import "tasks.cspec"\nmodel a for turn { out = x }\nmodel b for tasks.turn { out = x }\n'
    program = right(tmp_path, spec=spec, tasks=TASK)
    assert program.models["a"].task == program.models["b"].task == "turn"


def test_each_file_is_read_once_however_it_is_named(tmp_path: Path) -> None:
    spec = (
        'import "lib/one.cspec"\nimport "lib/two.cspec"\nimport "lib/../tasks.cspec" as t\n'
        "model a for t.turn { out = x }\n"
    )
    lib = 'import "../tasks.cspec"\n'
    one = lib + "model one for turn { out = x }\n"
    program = right(
        tmp_path, spec=spec, tasks=TASK, lib__one=one, lib__two=lib + "model two for tasks.turn { out = y }\n"
    )
    assert list(program.tasks) == ["turn"]
    assert {m: program.models[m].task for m in program.models} == dict.fromkeys(("a", "one", "two"), "turn")


def test_names_that_clash_are_told_apart_by_their_files(tmp_path: Path) -> None:
    one = TASK + "model m for turn { out = x }\n"
    two = TASK.replace("0..3", "0..1") + "model m for turn { out = y }\nmodel n for turn { out = x }\n"
    spec = 'import "one.cspec"\nimport "two.cspec" as other\nmodel m for one.turn { out = min(x, y) }\n'
    program = right(tmp_path, spec=spec, one=one, two=two)
    assert set(program.models) == {"m", "one.m", "other.m", "n"}
    assert {m: program.models[m].task for m in program.models} == {
        "m": "one.turn",
        "one.m": "one.turn",
        "other.m": "other.turn",
        "n": "other.turn",
    }
    assert program.tasks["other.turn"].inputs[0].domain.size == 2


def test_a_bare_name_that_several_imports_declare_is_refused(tmp_path: Path) -> None:
    spec = 'import "one.cspec"\nimport "two.cspec"\nmodel m for turn { out = x }\n'
    _, program, (error,) = check(tmp_path, spec=spec, one=TASK, two=TASK)
    assert program is None
    assert error.code == "CS101"
    assert "`one.turn`" in error.help


def test_paths_start_at_the_file_that_writes_them(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "rows.csv").write_text("k,v\n0,1\n1,0\n")
    lib = 'table turn: 0..1 -> 0..1 = csv("rows.csv", key: k, value: v)\nnetwork n = torch("net.safetensors")\n'
    program = right(tmp_path, spec='import "lib/one.cspec"\n', lib__one=lib)
    assert program.networks["n"].path == "lib/net.safetensors"
    assert program.tables["turn"].values == (1, 0)  # type: ignore[union-attr]


def test_claims_and_settings_stay_with_their_file(tmp_path: Path) -> None:
    lib = TASK + "settings { seed: 3 }\nclaim c: iia(nothing) >= 0.5\n"
    program = right(tmp_path, spec='import "lib.cspec"\nmodel m for turn { out = x }\nsettings { seed: 4 }\n', lib=lib)
    assert (program.claims, program.settings.seed) == ({}, 4)


def test_a_diagnostic_lies_in_the_file_that_it_speaks_of(tmp_path: Path) -> None:
    source, _, (error,) = check(
        tmp_path, spec='import "lib/one.cspec"\n', lib__one=TASK + "model m for turn { out = z }\n"
    )
    part = source.part_at(error.label.span.start)
    assert part.path == tmp_path / "lib" / "one.cspec"
    assert source.text[error.label.span.start : error.label.span.end] == "z"
    assert source.text[part.start : part.end] == part.path.read_text()


def test_what_cannot_be_read_in_an_import_is_declared_there_all_the_same(tmp_path: Path) -> None:
    model = "model m for one.turn { out = x }\nclaim c: accuracy(m) >= 0.5\n"
    source, _, found = check(tmp_path, spec=f'import "one.cspec"\n{model}', one=TASK.replace("0..3", "0..3 oops", 1))
    places = {each.code: source.text[each.label.span.start : each.label.span.end] for each in found}
    assert places == {"CS001": "oops", "CS101": "m"}
    assert {each.help for each in found if each.code == "CS101"} == {"there are no networks"}


def test_a_circle_of_imports_is_named(tmp_path: Path) -> None:
    files = {"spec": 'import "a.cspec"\n' + TASK, "a": 'import "b.cspec"\n', "b": 'import "spec.cspec"\n'}
    _, _, (error,) = check(tmp_path, **files)
    assert (error.code, error.notes) == (
        "CS171",
        ("`spec.cspec` imports `a.cspec` imports `b.cspec` imports `spec.cspec`",),
    )


def test_a_point_after_a_variable_is_no_import(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("name,land\na,1\nb,2\n")
    task = TASK.replace("input  x, y: 0..3", 'input  x, y: csv("c.csv")').replace(
        "answer out: index", "answer out: index"
    )
    right(tmp_path, spec='import "lib.cspec"\nmodel m for lib.turn { out = x.land + 0 }\n', lib=task)


def test_many_files_are_refused(tmp_path: Path) -> None:
    files = {f"f{i}": f"type t{i} = 0..1\n" for i in range(202)}
    spec = "".join(f'import "f{i}.cspec"\n' for i in range(202))
    _, _, found = check(tmp_path, spec=spec, **files)
    assert {error.code for error in found} == {"CS171"}
