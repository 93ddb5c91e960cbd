"""No text makes the reader raise, hang, or point outside the text."""

from pathlib import Path

import pytest
from cspec.lang import CODES, Source, read_program, render_json, render_text
from cspec.lang.checks.size import MAX_TOKENS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .faults import BASE, FAULTS
from .test_programs import EXAMPLE

VOCABULARY = """
    type task model network align pairs claim settings input output tokens answer at via rotation size iia accuracy for
    in not if then else and or true false min holdout split where expect on over random w x left same das mlp 0 1 0.5 :
    .. . = == <= >= < + - * // % ( ) [ ] { } , -> +- " # @ |
"""
WORDS = st.sampled_from([*VOCABULARY.split(), "\n", "\t", '"' * 3])
pytestmark = pytest.mark.usefixtures("ends")
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


def read_safely(text: str) -> None:
    source = Source(Path("spec.cspec"), text)
    program, diagnostics = read_program(source)
    assert (program is None) == any(d.severity == "error" for d in diagnostics)
    for diagnostic in diagnostics:
        assert diagnostic.code in CODES
        for label in (diagnostic.label, *diagnostic.related):
            assert 0 <= label.span.start <= label.span.end <= len(text)
    assert len(render_json(source, diagnostics)) == len(diagnostics)
    render_text(source, diagnostics, color=True)


@QUICK
@given(st.text(max_size=300))
def test_any_text(text: str) -> None:
    read_safely(text)


@QUICK
@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    read_safely(data.decode("utf-8", errors="replace"))


@QUICK
@given(st.lists(WORDS, max_size=80))
def test_any_words(words: list[str]) -> None:
    read_safely(" ".join(words))


@QUICK
@given(st.sampled_from([BASE, EXAMPLE]), st.integers(0, 2000), st.integers(0, 2000))
def test_parts_of_right_files(text: str, start: int, length: int) -> None:
    read_safely(text[:start])
    read_safely(text[:start] + text[start + length :])


@QUICK
@given(st.sampled_from([BASE, EXAMPLE]), st.lists(st.tuples(st.integers(0, 1000), WORDS), min_size=1, max_size=4))
def test_right_files_with_words_put_in(text: str, insertions: list[tuple[int, str]]) -> None:
    for position, word in insertions:
        text = text[: position % len(text)] + word + text[position % len(text) :]
    read_safely(text)


@QUICK
@given(st.data())
def test_right_files_with_tokens_swapped(data: st.DataObject) -> None:
    tokens = BASE.split(" ")
    first, second = (data.draw(st.integers(0, len(tokens) - 1)) for _ in range(2))
    tokens[first], tokens[second] = tokens[second], tokens[first]
    read_safely(" ".join(tokens))


@pytest.mark.parametrize(
    "expression",
    [
        "(" * 100_000,
        "(" * 5000 + "w == x" + ")" * 5000,
        "not " * 20_000 + "left",
        "- " * 20_000 + "1",
        " + ".join(["w"] * 20_000),
        "if w == x then " * 5000 + "true" + " else false" * 5000,
        " and ".join(["w == x"] * 20_000),
        "min(" * 5000 + "w" + ")" * 5000,
        "w in {" + ", ".join(map(str, range(20_000))) + "}",
        "1" * 100_000,
        '"' + "a" * 100_000,
        "w" * 100_000,
        "{" * 1000 + "}" * 999,
    ],
    ids=lambda text: text[:12],
)
def test_long_and_deep_expressions(expression: str) -> None:
    read_safely(BASE.replace("w == x", expression))


def test_long_files() -> None:
    lines = "\n".join(f"  v{i} = v{i - 1} + 0 * w" for i in range(1, 2000))
    read_safely(BASE.replace("  same =", f"  v0 = w\n{lines}\n  same ="))
    read_safely("claim c: iia(das >= 0.5\n" * 300)
    read_safely("}\n" * 20_000)
    read_safely("modle m {\n" * 300)


def test_chains_of_types() -> None:
    read_safely("\n".join(f"type t{i} = t{i + 1}" for i in range(300)) + "\ntype t300 = 0..3\n")
    read_safely("\n".join(f"type t{i} = t{(i + 1) % 300}" for i in range(300)))


def test_every_fault_twice_over() -> None:
    for fault in FAULTS:
        read_safely(fault.text + fault.text)


@pytest.mark.parametrize("scrap", ["claim c: iia(d) >= 0.5\n", "a ", "{", '"a" ', "}\n", "# note\nx"])
def test_a_text_that_is_no_spec_by_its_length_is_refused_at_once(scrap: str) -> None:
    text = scrap * (MAX_TOKENS + 1)
    program, (diagnostic,) = read_program(Source(Path("spec.cspec"), text))
    assert program is None
    assert diagnostic.code == "CS004"
    assert text[: diagnostic.label.span.start].strip()
    read_safely(text)


def test_long_cycles_of_functions_and_variables() -> None:
    """In linear time, and shown in short."""
    calls = "\n".join(f"fn f{i}(x: bool) = f{(i + 1) % 3000}(x)" for i in range(3000))
    reads = "\n".join(f"  v{i} = v{(i + 1) % 3000} + 0" for i in range(3000))
    for text, code in ((f"{calls}\n{BASE}", "CS163"), (BASE.replace("  same =", f"{reads}\n  same =", 1), "CS201")):
        source = Source(Path("spec.cspec"), text)
        read_safely(text)
        (found,) = (d for d in read_program(source)[1] if d.code == code)
        assert len(found.notes[0]) < 120
        assert "... (2,993 more)" in found.notes[0]
