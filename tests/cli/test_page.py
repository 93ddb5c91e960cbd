"""The page that verdicts are printed on: its width, its colours, and tables that stay aligned."""

import io
import re

import pytest
from cspec.cli.page import COLORS, Page, open_page
from cspec.cli.render_controls import render_controls
from cspec.cli.render_counts import render_counts
from cspec.cli.render_fit import render_fit
from cspec.cli.render_verdicts import Shown, render_verdict
from cspec.runtime.deciding.verdicts import CellRow, ControlRow, PartRow, QuantityRow, Verdict
from cspec.runtime.fitting.fit_reports import FoundSize, SearchRow, SeedReport, TracePoint

CODES = re.compile(r"\x1b\[[0-9;]*m")
LEAK = "isolate(somewhere.left)"


@pytest.mark.parametrize(
    ("stated", "width"), [("40", 80), ("80", 80), ("97", 97), ("200", 120), ("", 80), ("wide", 80), ("-3", 80)]
)
def test_the_width_is_what_columns_says_between_80_and_120(
    monkeypatch: pytest.MonkeyPatch, stated: str, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", stated)
    assert open_page(io.StringIO()) == Page(width, color=False)


class Terminal(io.StringIO):
    """A stream that says it is a terminal, without a size of its own."""

    def isatty(self) -> bool:
        return True


def test_colour_is_for_terminals_that_want_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert open_page(Terminal()).color
    assert not open_page(io.StringIO()).color
    for name, value in (("NO_COLOR", "1"), ("TERM", "dumb")):
        with monkeypatch.context() as context:
            context.setenv(name, value)
            assert not open_page(Terminal()).color


def luminance(code: int) -> float:
    """Relative luminance (WCAG 2) of a colour of the 6 x 6 x 6 cube of the palette of 256."""
    levels = (0, 95, 135, 175, 215, 255)
    channels = [levels[(code - 16) // base % 6] / 255 for base in (36, 6, 1)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_colours_stand_out_from_black_and_from_white() -> None:
    for code in COLORS.values():
        assert (luminance(code) + 0.05) / 0.05 >= 4
        assert 1.05 / (luminance(code) + 0.05) >= 4


def test_styles_change_no_letter_and_no_line() -> None:
    pieces = [("name", "name"), (": ", ""), ("inconclusive(control_unsettled: x)", "open"), (", open " * 20, "bad")]
    plain, painted = (Page(80, color).wrap_styled(pieces) for color in (False, True))  # type: ignore[arg-type]
    assert [CODES.sub("", line) for line in painted] == plain
    assert len(plain) > 1
    assert all(line.count("\x1b[0m") == len(CODES.findall(line)) / 2 for line in painted)


def control(name: str, needed: str = "", met: bool | None = None, why: str = "") -> ControlRow:
    if why:
        return ControlRow(name, LEAK, None, None, None, None, 0, "", None, why)
    return ControlRow(name, LEAK, 0.5, 0.45, 0.55, "Clopper-Pearson", 400, needed, met)


CONTROLS = (
    control("random subspace", "the claim misses with it", True),
    control("last site", "high end at most 0.7169 and so on, longer than there is room for", False),
    control("child"),
    control("input_carries", why="its site is searched"),
    control("scrambled model", why="its site is searched"),
)


@pytest.mark.parametrize("width", [80, 120])
def test_controls_are_an_aligned_table_that_fits(width: int) -> None:
    lines = render_controls(CONTROLS, Page(width))
    start = lines[0].index("needed for holds")
    assert max(map(len, lines)) <= width
    assert lines[1][start:] == "the claim misses with it: yes"
    assert " ".join(line[start:] for line in lines[2:-2]).endswith("room for: no")
    assert lines[-2][start:] == "noted"
    assert " ".join(lines[-1].split()) == "controls not run: input_carries, scrambled model (its site is searched)"


def quantity(sets: tuple[tuple[str, ...], ...], halves: tuple[str, ...]) -> QuantityRow:
    cells = tuple(CellRow(s, half, 3_932_160, 7_864_320) for s in sets for half in halves)
    trace = (TracePoint(20, 0.5, 0.7),)
    seeds = (
        SeedReport(0, 0.7, 0.5, False, "restart 1", 400, trace, 400),
        SeedReport(1, 1, 0, True, "b", 60, trace, 400),
    )
    search = tuple(SearchRow(("left",), f"hidden[{i}]", None if i == 6 else i / 10, 400, i == 5) for i in range(7))
    return QuantityRow(
        LEAK, ("rotation",), True, 0.5, 0.4, 0.6, 100, 200, 400, "confidence sequence", None, (0, 1), True, 0, False,
        0.5, 1.0, 1.0, 0.0, 0, cells, seeds, (), None, "key", (), None, (FoundSize("left", 2),), search,
    )  # fmt: skip


def test_halves_are_said_in_words_and_stacked_where_they_are_too_wide() -> None:
    short = render_counts(quantity((("left",), ("right",)), ("exposed",)), Page(80), alone=True)
    assert short[0].split("  ")[-1] == "label stays where a leak would show"
    assert [line.split() for line in short[1:3]] == [
        [f"{{{v}}}", "3,932,160/7,864,320", "0.500"] for v in ("left", "right")
    ]
    long = (tuple(f"variable_{i}" for i in range(9)),)
    stacked = render_counts(quantity(long, ("changing", "keeping")), Page(80), alone=True)
    assert max(map(len, stacked)) <= 80
    assert "      label changes: 3,932,160/7,864,320 0.500" in stacked


def test_the_fit_says_its_restarts_sizes_and_the_best_of_its_search() -> None:
    lines = render_fit(quantity((("left",),), ("changing",)), Page(80))
    assert " ".join(" ".join(lines[:2]).split()) == (
        "fit, 2 restarts of at most 400 steps: 0.700 on select after 400; "
        "1.000 on select after 60 (stopped early, chosen)"
    )
    assert [line.split()[0] for line in lines[4:8]] == ["hidden[5]", "hidden[4]", "hidden[3]", "hidden[2]"]
    assert lines[4].endswith("chosen")
    assert lines[8:] == ["      2 more, at most 0.100 (all with --json)", "      not admitted: hidden[6]"]
    assert "    sizes found: left 2" in lines


def test_what_an_earlier_claim_said_is_named_and_not_repeated() -> None:
    part = PartRow("t", ">=", 0.5, 0.4, 0.6, 0.3, 0.0, False, "confidence sequence", 200, 400, None, "passes")
    counted = quantity((("left",),), ("changing",))
    first, second = (
        Verdict(name, "", "", "holds", None, "statistical", "holds", "met", 0.05, (part,), (counted,), CONTROLS, ())
        for name in ("first", "second")
    )
    whole = render_verdict(first, Page(), Shown())
    again = render_verdict(second, Page(), Shown().after(first))
    assert "as under" not in whole
    assert again.splitlines()[1:3] == whole.splitlines()[1:3]
    assert set(again.splitlines()[3:]).isdisjoint(whole.splitlines())
    assert "as under first: counts, fit, random subspace" in again
