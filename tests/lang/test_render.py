"""Diagnostics as text and as data: carets stand under the span, whatever the line is made of."""

from pathlib import Path

from cspec.lang import Diagnostic, Label, Source, Span, read_program, render_json, render_text

from .faults import BASE


def shown(text: str, *spans: tuple[int, int], **more: object) -> list[str]:
    first, *others = (Label(Span(*span), f"label {index}") for index, span in enumerate(spans))
    diagnostic = Diagnostic("CS101", "the message", first, tuple(others), **more)  # type: ignore[arg-type]
    return render_text(Source(Path("a/b.cspec"), text), (diagnostic,), color=False).splitlines()


def test_the_shape_of_a_diagnostic() -> None:
    text = "one\ntwo words\nthree\nfour\n"
    assert shown(text, (8, 13), (20, 24), notes=("a note",), help="a remedy") == [
        "error[CS101]: the message",
        " --> a/b.cspec:2:5",
        "  |",
        "2 | two words",
        "  |     ^^^^^ label 0",
        "...",
        "4 | four",
        "  | ---- label 1",
        "  = note: a note",
        "  = help: a remedy",
    ]


def test_tabs_and_wide_characters() -> None:
    assert shown("\tab\tc", (4, 5))[3:5] == ["1 |     ab  c", "  |         ^ label 0"]
    assert shown("日本 x", (3, 4))[3:5] == ["1 | 日本 x", "  |      ^ label 0"]
    assert shown("日本 x", (0, 2))[4] == "  | ^^^^ label 0"
    assert shown("e\u0301 x", (3, 4))[4] == "  |   ^ label 0"


def test_spans_at_the_edges() -> None:
    assert shown("", (0, 0))[3:5] == ["1 |", "  | ^ label 0"]
    assert shown("ab\n", (3, 3))[1] == " --> a/b.cspec:2:1"
    assert shown("ab cd\nef", (3, 8))[4] == "  |    ^^ label 0"
    assert shown("ab\r\ncd", (0, 2))[3:5] == ["1 | ab", "  | ^^ label 0"]


def test_long_lines_are_cut_around_the_span() -> None:
    rows = shown("a" * 1000 + "here" + "b" * 1000, (1000, 1004))
    assert len(rows[3]) < 200
    assert rows[3][rows[4].index("^") :].startswith("here")


def test_color_is_only_paint() -> None:
    source = Source(Path("s.cspec"), BASE.replace("w == x", "w == xx"))
    _, diagnostics = read_program(source)
    plain, painted = (render_text(source, diagnostics, color=color) for color in (False, True))
    assert "\x1b" not in plain
    for style in ("[0m", "[1m", "[1;31m", "[1;33m", "[1;34m", "[1;36m"):
        painted = painted.replace(f"\x1b{style}", "")
    assert painted == plain


def test_json() -> None:
    source = Source(Path("s.cspec"), BASE.replace("w == x", "w == xx"))
    _, diagnostics = read_program(source)
    assert render_json(source, diagnostics) == [
        {
            "code": "CS101",
            "severity": "error",
            "message": "expected a variable or a symbol, found the unknown name `xx`",
            "path": "s.cspec",
            "line": 11,
            "column": 21,
            "end_line": 11,
            "end_column": 23,
            "label": "not declared",
            "related": [],
            "notes": [],
            "help": "did you mean `x`?",
        }
    ]


def test_by_position() -> None:
    late, early = (Diagnostic("CS101", name, Label(Span(at, at + 1))) for name, at in (("late", 3), ("early", 0)))
    text = render_text(Source(Path("s"), "a\nb\nc"), (late, early), color=False)
    assert text.index("early") < text.index("late")


def test_of_many_that_are_alike_two_are_shown_whole() -> None:
    """All are named with their places; what they have in common is said twice, and of another kind by itself."""
    text = "\n".join(f"line {number}" for number in range(1, 7))
    spans = [Span(7 * number, 7 * number + 4) for number in range(6)]
    alike = tuple(Diagnostic("CS101", f"no {i}", Label(span), help="name it") for i, span in enumerate(spans))
    other = Diagnostic("CS101", "last", Label(spans[5]), help="leave it out")
    said = render_text(Source(Path("a.cspec"), text), (*alike[:5], other), color=False)
    assert said.count("help: name it") == 2
    assert said.count("help: leave it out") == 1
    assert "error[CS101]: no 4\n --> a.cspec:5:1\n\nerror[CS101]: last\n" in said
    few = render_text(Source(Path("a.cspec"), text), alike[:3], color=False)
    assert few.count("help: name it") == 3
