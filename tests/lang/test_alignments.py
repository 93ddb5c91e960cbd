"""What placements mean: sites, regions, positions and maps of typed programs."""

from pathlib import Path

import pytest
from cspec.lang import Source, SpecError, read_program
from cspec.lang.places import Family, Placement, Position, Region, Site

from .faults import BASE, DAS, INNER
from .programs import program_of


def placed(lines: str) -> tuple[Placement, ...]:
    """The placements of an alignment with these lines in place of the base file's one."""
    return program_of(BASE.replace(DAS, lines + "\n")).alignments["das"].placements


@pytest.mark.parametrize(
    ("written", "family", "sizes", "learned"),
    [
        ("", Family("identity"), (None,), False),
        ("via identity", Family("identity"), (None,), False),
        ("via identity size 3", Family("identity"), (3,), True),
        ("via identity size learned", Family("identity"), ("learned",), True),
        ("via rotation", Family("rotation"), (None,), True),
        ("via rotation size learned", Family("rotation"), ("learned",), True),
        ("via pca size 2", Family("pca"), (2,), True),
        ("via difference", Family("difference"), (1,), True),
        ("via difference size 1", Family("difference"), (1,), True),
        ("via probe size 1", Family("probe"), (1,), True),
        ("via revnet(10, 16) size 4", Family("revnet", (10, 16)), (4,), True),
        ("via rotation size [4]", Family("rotation"), (4,), True),
        ("via rotation size 4..4", Family("rotation"), (4,), True),
    ],
)
def test_maps(written: str, family: Family, sizes: tuple[object, ...], learned: bool) -> None:
    (left,) = placed(f"left at hidden[1] {written}")
    assert (left.family, left.sizes, left.learned) == (family, sizes, learned)


def test_what_a_placement_prints_reads_as_it_was_written() -> None:
    line = "at resid[2][0..3, 6] @ [{x}, last, 3, -2] via revnet(4, 8) size 2"
    (left,) = placed(f"left {line}")
    assert left.text == line
    line = "in resid[1..3, 5][0..3, 4..7] @ [last, {x}] via rotation size [2, 4]"
    (left,) = placed(f"left {line}")
    assert left.text == line
    assert placed("left in hidden[*][*]")[0].text == "in hidden[*][*] via identity"


def test_positions() -> None:
    (left,) = placed("left at resid[2] @ [{x}, last, -3, 0]")
    assert left.place == Site(
        "resid", 2, None, (Position(slot="x"), Position(index=-1), Position(index=-3), Position(index=0))
    )
    assert placed("left at resid[0] @ last")[0].site.positions == (Position(index=-1),)
    assert placed("left at resid[0] @ {w}")[0].site.positions == (Position(slot="w"),)


def test_regions() -> None:
    places = [
        placed(f"left in {region}")[0].place
        for region in (
            "hidden[1..3]",
            "hidden[*]",
            "hidden[3, 1][0..3, 4..7]",
            "hidden[1][*]",
            "logits[0, 1]",
            "resid[1..2] @ [last, {x}]",
            "resid[1] @ *",
            "hidden[1]",
        )
    ]
    assert places == [
        Region("hidden", (1, 2, 3)),
        Region("hidden", None),
        Region("hidden", (1, 3), ((0, 1, 2, 3), (4, 5, 6, 7))),
        Region("hidden", (1,), "each"),
        Region("logits", (), ((0,), (1,))),
        Region("resid", (1, 2), None, (Position(index=-1), Position(slot="x"))),
        Region("resid", (1,), None, None),
        Region("hidden", (1,)),
    ]


def test_sizes_to_search() -> None:
    (left,) = placed("left in hidden[1] via rotation size 1..4")
    assert (left.sizes, left.size, left.learned) == ((1, 2, 3, 4), None, True)
    (left,) = placed("left in hidden[1] via identity size [2, 4..5, 8]")
    assert left.sizes == (2, 4, 5, 8)


def test_one_line_shares_one_site() -> None:
    left, right = placed("left, right in hidden[1..2] via rotation size 2")
    assert (left.line, right.line) == (0, 0)
    left, right = placed("left in hidden[1..2] via rotation size 2\n  right in hidden[1..2] via rotation size 2")
    assert (left.line, right.line) == (0, 1)


@pytest.mark.parametrize(
    "lines",
    [
        "left, right at hidden[1] via rotation size learned",
        "left, right at hidden[1] via identity size 2",
        "left at hidden[1] via probe size 2\n  right at hidden[1] via probe size 3",
        "left at hidden[1][0..3]\n  right at hidden[1][4..7] via pca size 2",
        "left, right at resid[1][0..1] @ [{x}, last] via rotation size 2",
        "left at resid[1] @ {x}\n  right at resid[1] @ last",
        "left in hidden[1..2] via rotation size 4\n  same in hidden[2..3]",
        "left in hidden[*][*]\n  right in hidden[*][*]",
        "left in hidden[1][*]\n  right at hidden[1][0..3] via rotation size 4",
    ],
)
def test_places_that_go_together(lines: str) -> None:
    assert len(placed(lines)) == 2


def test_a_site_inside_a_variable() -> None:
    text = BASE.replace(DAS, DAS + INNER % "left at das.left via rotation size 2") + "claim in: iia(inner) >= 0.5\n"
    (left,) = program_of(text).alignments["inner"].placements
    assert left.place == Site("hidden", 1, None, (), ("das", "left"))
    assert (left.text, left.learned) == ("at das.left via rotation size 2", True)
    both = text.replace("size 2", "size 2\n  right at das.right")
    assert [p.site.inside for p in program_of(both).alignments["inner"].placements] == [
        ("das", "left"),
        ("das", "right"),
    ]
    twice = BASE.replace("hidden[1] via", "resid[3] @ {x} via").replace(
        DAS.replace("hidden[1] via", "resid[3] @ {x} via"),
        DAS.replace("hidden[1] via", "resid[3] @ {x} via")
        + INNER % "left at das.left via rotation size 2"
        + (INNER % "left at inner.left via rotation size 1").replace("align inner", "align inmost"),
    )
    (left,) = program_of(twice).alignments["inmost"].placements
    assert left.place == Site("resid", 3, None, (Position(slot="x"),), ("inner", "left"))


def test_an_alignment_that_another_lies_inside_is_used() -> None:
    text = BASE.replace(DAS, DAS + INNER % "left at das.left via rotation size 2").replace("iia(das)", "iia(inner)")
    assert [d.message for d in read_program(Source(Path("spec.cspec"), text))[1]] == []


def test_blocks_inside_a_block_are_known_by_its_size() -> None:
    whole = BASE.replace(DAS, "  left at hidden[1][0..2]\n" + INNER % "left at das.left via rotation size 3")
    assert program_of(whole + "claim in: iia(inner) >= 0.5\n")
    with pytest.raises(SpecError, match="CS304"):
        program_of(whole.replace("size 3", "size 4"))


def test_keywords_that_may_name_variables() -> None:
    text = BASE.replace("left", "fit").replace("right", "frozen").replace("iia(das)", "iia(das.frozen -> same)")
    assert [p.variable for p in program_of(text).alignments["das"].placements] == ["fit", "frozen"]


def test_fit_settings() -> None:
    text = BASE.replace(DAS, DAS + "  fit { patience: 4, steps: 100 }\n")
    fit = program_of(text).alignments["das"].fit
    assert (fit.patience, fit.steps, fit.seeds) == (4, 100, 3)
