"""Families of variables and of inputs in alignments: one variable with a site for each member."""

import pytest
from cspec.lang import Program, SpecError
from cspec.lang.claims import Iia
from cspec.lang.places import Family, Placement, Position, Region, Site
from cspec.lang.program import Alignment

from .programs import program_of

HISTOGRAM = """
task histogram {
  input  x[3]: 0..3
  output out[3]: 1..3
  tokens [x]
  answer out @ {x}: index
}

model by_counting for histogram {
  for i in 0..2 {
    count[i]: 1..3 = count(x[j] == x[i] for j in 0..2)
    twice[i]: bool = count[i] == 2
    out[i] = if twice[i] then 2 else count[i]
  }
}

network net = torch("net.safetensors")

align placed: by_counting -> net {
  LINES
}

claim c: iia(placed) >= 0.5
"""


def histogram(lines: str, more: str = "") -> Program:
    return program_of(HISTOGRAM.replace("LINES", lines) + more)


def alignment(lines: str) -> Alignment:
    return histogram(lines).alignments["placed"]


def slots(*names: str) -> tuple[Position, ...]:
    return tuple(Position(slot=name) for name in names)


PLACES = slots("x[0]", "x[1]", "x[2]")
SITES = tuple(Site("resid", 2, (0, 1, 2), (place,)) for place in PLACES)
WHOLE = Placement("count", Site("resid", 2, (0, 1, 2), PLACES), Family("rotation"), (2,), 0, SITES)


@pytest.mark.parametrize(
    "lines",
    [
        "count at resid[2][0..2] @ {x} via rotation size 2",
        "count at resid[2][0..2] @ [{x[0]}, {x[1]}, {x[2]}] via rotation size 2",
        "count at resid[2][0..2] @ [{x[0]}, {x[3 - 2]}, {x[2]}] via rotation size 2",
        "for i in 0..2 { count[i] at resid[2][0..2] @ {x[i]} via rotation size 2 }",
        "for i in 0..2 { for j in i..i { count[i] at resid[2][0..2] @ {x[j]} via rotation size 2 } }",
    ],
)
def test_a_family_has_a_site_for_each_member(lines: str) -> None:
    assert alignment(lines).placements == (WHOLE,)


@pytest.mark.parametrize(
    "lines",
    [
        "count in resid[1..2][0..2, 3..5] @ {x} via rotation size 1..2",
        "for i in 0..2 { count[i] in resid[1..2][0..2, 3..5] @ {x[i]} via rotation size 1..2 }",
    ],
)
def test_a_family_in_a_region_has_its_positions_in_every_alternative(lines: str) -> None:
    (count,) = alignment(lines).placements
    region = Region("resid", (1, 2), ((0, 1, 2), (3, 4, 5)), PLACES, memberwise=True)
    assert count == Placement("count", region, Family("rotation"), (1, 2), 0)
    assert count.memberwise


def test_members_in_regions_that_differ_stay_apart() -> None:
    found = alignment("for i in 0..2 { count[i] in resid[i..2] @ {x[i]} }").placements
    assert [(p.variable, p.memberwise) for p in found] == [(f"count[{i}]", False) for i in range(3)]


def test_members_lie_where_the_loop_says() -> None:
    (count,) = alignment("for i in 0..2 { count[i] at resid[2] @ {x[2 - i]} }").placements
    assert (count.variable, count.site.positions) == ("count", slots("x[2]", "x[1]", "x[0]"))
    (count,) = alignment("count at resid[2] @ [3, -1, {x[0]}]").placements
    assert [site.text for site in count.members] == ["resid[2] @ 3", "resid[2] @ last", "resid[2] @ {x[0]}"]


def test_two_families_in_two_loops() -> None:
    first, second = alignment(
        "for i in 0..2 { count[i] at resid[2] @ {x[i]} }\n"
        "for i in 0..2 { twice[i] at resid[3] @ {x[i]} via difference }"
    ).placements
    assert (first.variable, second.variable, second.sizes) == ("count", "twice", (1,))
    assert second.members == tuple(Site("resid", 3, None, (place,)) for place in PLACES)


@pytest.mark.parametrize(
    "lines",
    [
        "count[1] at resid[2] @ {x[1]}",
        "for i in 1..1 { count[i] at resid[2] @ {x[i]} }",
    ],
)
def test_a_member_alone_is_a_variable(lines: str) -> None:
    assert alignment(lines).placements == (Placement("count[1]", Site("resid", 2, None, slots("x[1]"))),)


@pytest.mark.parametrize(
    "lines",
    [
        "for i in 0..1 { count[i] at resid[2] @ {x[i]} }",
        "count[0] at resid[2] @ {x[0]}\n  count[1] at resid[3] @ {x[1]}",
    ],
)
def test_members_that_are_no_family_stay_variables(lines: str) -> None:
    assert [(p.variable, p.members) for p in alignment(lines).placements] == [("count[0]", ()), ("count[1]", ())]


def test_a_plain_variable_at_a_family_of_tokens_is_one_vector() -> None:
    (member,) = alignment("count[0] at resid[2][0..2] @ {x} via rotation size 9").placements
    assert (member.site.positions, member.members) == (PLACES, ())
    with pytest.raises(SpecError, match="CS304"):
        alignment("count[0] at resid[2][0..2] @ {x} via rotation size 10")


def test_the_block_of_a_family_fits_into_one_position() -> None:
    with pytest.raises(SpecError, match="CS304"):
        alignment("count at resid[2][0..2] @ {x} via rotation size 4")


def test_a_family_is_searched_for_at_the_tokens_of_another() -> None:
    (member,) = alignment("count[0] in resid[1..2] @ {x} via rotation size 2").placements
    assert member.text == "in resid[1..2] @ [{x[0]}, {x[1]}, {x[2]}] via rotation size 2"


def test_difference_is_of_the_members_values() -> None:
    with pytest.raises(SpecError, match=r"CS313.*count\[0\]"):
        alignment("count at resid[2] @ {x} via difference")
    assert alignment("twice at resid[2] @ {x} via difference").placements[0].sizes == (1,)


def test_estimands_of_families() -> None:
    lines = "for i in 0..2 { count[i] at resid[2] @ {x[i]} }\n  twice at resid[3] @ {x}"
    program = histogram(lines, "claim d: iia(placed.{twice, count}) >= 0.5 and iia(placed.count -> out) >= 0.5\n")
    both, edge = (part.left.terms[0].estimand for part in program.claims["d"].parts)
    assert both == Iia("placed", ("count", "twice"), "net", False, None)
    assert edge == Iia("placed", ("count",), "net", False, None, reader="out")
    member = histogram("count[1] at resid[2] @ {x[1]}", "claim d: iia(placed.count[2 - 1]) >= 0.5\n")
    assert member.claims["d"].parts[0].left.terms[0].estimand == Iia("placed", ("count[1]",), "net", False, None)
    with pytest.raises(SpecError, match=r"CS444.*twice"):
        histogram("count at resid[2] @ {x}", "claim d: iia(placed.count -> out) >= 0.5\n")
