"""What the language server answers, without a server: on whole files, on half-typed ones, and on any text."""

import contextlib
from pathlib import Path

import pytest
from cspec.lang import Source, parse_text, read_program
from cspec.lang.diagnostics import Span
from cspec.lang.resolution.resolve_names import resolve_names
from cspec.lang.server.analysis import Analysis, Checked, analyse
from cspec.lang.server.complete import complete
from cspec.lang.server.convert import Lines
from cspec.lang.server.fixes import find_fix
from cspec.lang.server.hover import hover
from cspec.lang.server.rename import RenameError, rename, replace_all
from cspec.lang.server.symbols import symbols
from cspec.lang.sites.components import COMPONENTS
from cspec.lang.words.keywords import GROUPS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[2]
QUICK = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))


def analysed(text: str) -> Analysis:
    return analyse(Source(Path("spec.cspec"), text))


def is_good(path: Path) -> bool:
    return path.suffix == ".cspec" and not parse_text(Source(path, path.read_text(encoding="utf-8")))[1]


GOOD = [path for path in sorted((ROOT / "tests" / "golden" / "good").glob("*.cspec")) if is_good(path)]
TEXTS = st.sampled_from([path.read_text(encoding="utf-8") for path in GOOD])


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_every_place_names_what_it_means(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    source = Source(path, text)
    resolution = resolve_names(parse_text(source)[0], source)
    assert resolution.occurrences
    for occurrence in resolution.occurrences:
        assert text[occurrence.span.start : occurrence.span.end].strip('"') == occurrence.declared.name.strip('"')
        assert resolution.at(occurrence.span.start) is not None
    for declared in resolution.declared:
        assert [o for o in resolution.of(declared) if o.span == declared.span]


@QUICK
@given(TEXTS, st.integers(0, 10_000))
def test_a_name_renamed_and_back_is_the_same_text(text: str, number: int) -> None:
    analysis = analysed(text)
    found = analysis.resolution.occurrences[number % len(analysis.resolution.occurrences)]
    try:
        (places,) = rename(analysis, found.span.start, "renamed_name").values()
    except RenameError:
        return
    changed = replace_all(text, places, "renamed_name")
    assert changed.count("renamed_name") == len(places)
    again = analysed(changed)
    where = next(o.span.start for o in again.resolution.occurrences if o.declared.name == "renamed_name")
    (back,) = rename(again, where, found.declared.name).values()
    assert replace_all(changed, back, found.declared.name) == text


@QUICK
@given(st.one_of(TEXTS, st.text(max_size=200)), st.integers(0, 10_000), st.integers(0, 10_000), st.text(max_size=3))
def test_half_typed_and_any_text_is_answered(text: str, cut: int, place: int, typed: str) -> None:
    text = text[: cut % (len(text) + 1)] + typed
    analysis = analysed(text)
    program, diagnostics = read_program(analysis.source)
    analysis = analysis.with_check(Checked(program, diagnostics))
    for offset in (place % (len(text) + 1), len(text)):
        words = [proposal.word for proposal in complete(analysis, offset)]
        assert len(words) == len(set(words))
        hover(analysis, offset)
        with contextlib.suppress(RenameError):
            rename(analysis, offset, "renamed_name")
    symbols(analysis)
    for diagnostic in diagnostics:
        fix = find_fix(analysis, diagnostic)
        assert fix is None or 0 <= fix.span.start <= fix.span.end <= len(text)


def test_a_name_that_another_place_would_catch_is_refused() -> None:
    text = next(path for path in GOOD if path.stem == "equality").read_text(encoding="utf-8")
    analysis = analysed(text)
    offset = text.index("left")
    for name in ("right", "w", "same", "for", "1st", "", "a.b"):
        with pytest.raises(RenameError):
            rename(analysis, offset, name)
    places = tuple(o.span for o in analysis.resolution.occurrences if o.declared.name == "left")
    assert rename(analysis, offset, "left") == {str(Path("spec.cspec").resolve()): places}


@QUICK
@given(st.text(max_size=60), st.integers(0, 100))
def test_positions_count_utf_16_and_lead_back(text: str, number: int) -> None:
    offset = number % (len(text) + 1)
    lines = Lines(text)
    line, column = lines.position(offset)
    before = text[:offset].split("\n")
    assert (line, column) == (len(before) - 1, len(before[-1].encode("utf-16-le", "surrogatepass")) // 2)
    assert lines.offset(line, column) == offset
    assert lines.range(Span(0, offset)) == (lines.position(0), (line, column))
    assert lines.offset(line + 1000, 0) == len(text)


def test_words_of_the_language_are_proposed_where_they_belong() -> None:
    assert {p.word for p in complete(analysed(""), 0)} == set(GROUPS["declarations"])
    assert complete(analysed("# task "), 7) == ()


PLACED = """network net = %s("x")
align a: m -> net { x at
}
circuit c = { }
claim e: effect()
"""
OTHER = 'network another = transformers("y")\n'


@pytest.mark.parametrize("after", [" at", "= { ", "effect("])
def test_only_components_that_the_network_can_have_are_proposed(after: str) -> None:
    """An alignment names its network; elsewhere a file's networks say, where all are of one kind."""

    def proposed(text: str) -> list[str]:
        found = complete(analysed(text), text.index(after) + len(after) + (after == " at"))
        return [p.word for p in found if p.word in GROUPS["components"]]

    plain = ["hidden", "resid", "logits"]
    others = [name for name in COMPONENTS if name not in ("hidden", "resid")]
    assert proposed(PLACED % "torch") == plain
    assert proposed(PLACED % "transformers") == others
    assert proposed(OTHER + PLACED % "torch") == (plain if after == " at" else list(COMPONENTS))


def test_a_declaration_in_a_loop_is_shown_from_its_own_left_margin() -> None:
    task = "task t {\n  input x: 0..3\n  output y: 0..3\n  tokens [x]\n  answer y: index\n}\n"
    text = task + "for i in 0..1 {\n  model m[i] for t {\n    y = x\n  }\n}\n"
    shown = hover(analysed(text), text.index("m[i]"))
    assert shown is not None
    assert shown.text == "model `m`\n\n```cspec\nmodel m[i] for t {\n  y = x\n}\n```"
