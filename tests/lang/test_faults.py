"""Every mistake gives one diagnostic: its code, the underlined text, and a remedy."""

import re
from pathlib import Path

import pytest
from cspec.lang import CODES, Diagnostic, Source, read_program

from .data_faults import DATA_FAULTS
from .faults import BASE, TWO_TASKS, Fault
from .faults import FAULTS as PLAIN_FAULTS
from .faults import WARNINGS as PLAIN_WARNINGS
from .task_faults import TASK_BASE, TASK_FAULTS, TASK_WARNINGS

FAULTS = [*PLAIN_FAULTS, *TASK_FAULTS]
WARNINGS = [*PLAIN_WARNINGS, *TASK_WARNINGS]


def read(text: str) -> tuple[object, tuple[Diagnostic, ...]]:
    return read_program(Source(Path("spec.cspec"), text))


def underlined(text: str, diagnostic: Diagnostic) -> str:
    return text[diagnostic.label.span.start : diagnostic.label.span.end]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_one_fault_gives_one_error_at_its_place(fault: Fault) -> None:
    program, diagnostics = read(fault.text)
    errors = [d for d in diagnostics if d.severity == "error"]
    assert program is None
    found = [(d.code, underlined(fault.text, d), d.message) for d in errors]
    assert [(code, under) for code, under, _ in found] == [(fault.code, fault.under)], found
    assert fault.help in errors[0].help


@pytest.mark.parametrize("fault", WARNINGS, ids=lambda fault: fault.name)
def test_warnings_leave_the_program(fault: Fault) -> None:
    program, diagnostics = read(fault.text)
    assert program is not None
    assert [(d.severity, d.code, underlined(fault.text, d)) for d in diagnostics] == [
        ("warning", fault.code, fault.under)
    ]
    assert fault.help in diagnostics[0].help


@pytest.mark.parametrize("fault", [*FAULTS, *WARNINGS], ids=lambda fault: fault.name)
def test_messages_keep_the_house_style(fault: Fault) -> None:
    for diagnostic in read(fault.text)[1]:
        plain = re.sub(r"`[^`]*`", "X", diagnostic.message)
        assert plain[0] == "X" or not plain[0].isupper()
        assert not diagnostic.message.endswith(".")
        assert not re.search(r"\b(Name|Integer|None|str|int|tuple|Fraction)\b", plain)
        assert diagnostic.help
        assert not diagnostic.help.endswith(".")


@pytest.mark.parametrize("base", [BASE, TASK_BASE], ids=["tokens", "prompt"])
def test_the_base_files_are_right(base: str) -> None:
    program, diagnostics = read(base)
    assert program is not None
    assert diagnostics == ()


def test_an_empty_file_declares_nothing() -> None:
    for text in ("", "# only a comment\n", '"""only a doc string"""\n'):
        assert [d.code for d in read(text)[1]] == ["CS012"]


def test_accuracy_needs_its_task_where_there_are_several() -> None:
    alone = TWO_TASKS + 'network free = torch("net.safetensors")\nclaim c: accuracy(free) >= 0.5\n'
    (error,) = [d for d in read(alone)[1] if d.severity == "error"]
    assert (error.code, underlined(alone, error)) == ("CS416", "accuracy(free)")
    assert "accuracy(free, TASK)" in error.help
    assert read(alone.replace("accuracy(free)", "accuracy(free, other)"))[0] is not None
    assert read(alone.replace("accuracy(free)", "accuracy(mlp)"))[0] is not None


def test_a_recipe_belongs_to_its_task() -> None:
    text = TWO_TASKS + "pairs p for other { }\nclaim c: iia(das over p) >= 0.5\n"
    (error,) = read(text)[1]
    assert (error.code, underlined(text, error)) == ("CS407", "p")


def test_all_faults_of_a_file_come_in_one_run_in_order() -> None:
    text = (
        BASE.replace("w == x", "w == xx")
        .replace("y == z", "y < z < w")
        .replace("hidden[1]", "hiden[1]")
        .replace(">= 0.9", ">= ")
    )
    codes = [d.code for d in read(text)[1]]
    assert codes == ["CS009", "CS101", "CS001"]
    both = BASE.replace("w == x", "w == xx").replace("y == z", "y + true").replace("size 4", "size 0")
    assert [d.code for d in read(both)[1]] == ["CS101", "CS104", "CS313"]


def test_what_depends_on_a_broken_declaration_is_not_reported() -> None:
    for old, new in (("input w", "inputt w"), ("model both for", "model both fir"), ("torch(", "torch((")):
        assert len(read(BASE.replace(old, new))[1]) == 1


def test_a_missing_brace_spoils_one_declaration_only() -> None:
    text = BASE.replace("true: 1 }\n}", "true: 1 }\n")
    assert [d.code for d in read(text)[1]] == ["CS015"]
    inner = BASE.replace("size 4\n", "size 4\n  fit {\n    steps: 3\n")
    (error,) = read(inner)[1]
    assert inner[error.label.span.start - 4 : error.label.span.end] == "fit {"


def test_both_places_are_labelled() -> None:
    text = next(fault for fault in FAULTS if fault.name == "overlapping_dims").text
    (error,) = read(text)[1]
    (related,) = error.related
    assert text[related.span.start : related.span.end] == "hidden[1][0..3]"


def test_the_cycle_is_printed() -> None:
    text = next(fault for fault in FAULTS if fault.name == "cycle").text
    (error,) = read(text)[1]
    assert error.notes == ("`left` reads `other` reads `left`",)


def test_every_code_of_lang_is_registered_and_hit() -> None:
    used = set()
    for path in Path(read_program.__code__.co_filename).parent.rglob("*.py"):
        if path.name != "codes.py":
            used |= set(re.findall(r'"(CS[0-8]\d{2})"', path.read_text(encoding="utf-8")))
    hit = {fault.code for fault in [*FAULTS, *WARNINGS, *DATA_FAULTS]} | {
        "CS004",
        "CS171",
        "CS172",
        "CS173",
        "CS012",
        "CS407",
        "CS416",
        "CS319",
    }
    assert used <= set(CODES)
    assert used == hit
