"""Sites, positions and answers against what the headers of networks say; positions against a naive count."""

from dataclasses import replace
from pathlib import Path

import cspec
import pytest
from cspec.compiler.checks.networks.check_networks import check_networks
from cspec.compiler.network_facts import MlpFacts, NetworkFacts, TracrFacts, read_network_facts
from cspec.compiler.positions import resolve_position, resolve_positions
from cspec.lang.claims import Accuracy, Claim, Comparison, Iia, Linear, Scaled
from cspec.lang.codes import CODES
from cspec.lang.diagnostics import Diagnostic, Span
from cspec.lang.domains import integers
from cspec.lang.places import IDENTITY, Family, Placement, Position, Region, Site, Size
from cspec.lang.program import Alignment, Answer, Declared, FitSettings, Model, Network, Program, Settings, Task
from cspec.lang.renderings import Tokens

SPECS = Path(cspec.__file__).parent / "specs"
TRACR, MLP = "tracr/hist.safetensors", "handwired_equality/handwired_equality.safetensors"
ROTATION = Family("rotation")
LAST, FIRST, X, Y = Position(index=-1), Position(index=0), Position("x"), Position("y")
TOKENS = ("w", "x", "y", "z")
HERE = Span(50, 60)


def at(component: str, layer: int | None, *positions: Position, dims: tuple[int, ...] | None = None) -> Site:
    return Site(component, layer, dims, positions, span=HERE)


def place(
    site: Site | Region, name: str = "v", family: Family = IDENTITY, *sizes: Size, line: int = 0, **more: object
) -> Placement:
    return Placement(name, site, family, sizes or (None,), line, size_span=Span(60, 65), **more)  # type: ignore[arg-type]


def program_of(
    network: str,
    placements: tuple[Placement, ...] = (),
    answer: Position | None = None,
    tokens: tuple[str, ...] = TOKENS,
) -> Program:
    inputs = tuple(Declared(name, integers(0, 3), Span(i, i + 1)) for i, name in enumerate(TOKENS))
    answers = (Answer("out", (0, 1), answer, span=Span(10, 12)),)
    task = Task("t", inputs, (), Declared("out", integers(0, 1)), Tokens(tokens, Span(20, 22)), answers)
    alignments = {"a": Alignment("a", "m", "n", placements, FitSettings(), None)}
    networks = {"n": Network("n", network)}
    return Program("", {"t": task}, {"m": Model("m", "t", ())}, networks, alignments, {}, {}, Settings())


def check(program: Program) -> list[Diagnostic]:
    _, found = check_networks(program, SPECS, allow_path=False)
    for diagnostic in found:
        assert diagnostic.code in CODES
        assert diagnostic.help
        assert not diagnostic.message.endswith(".")
    return list(found)


def check_site(site: Site, network: str = TRACR) -> list[Diagnostic]:
    return check(program_of(network, (place(site),), LAST if network == TRACR else None))


# --- positions -------------------------------------------------------------------------------------------------------


def facts_of(path: str) -> NetworkFacts:
    return read_network_facts(SPECS / path)


def test_positions_resolve_to_those_of_bos_and_the_tokens() -> None:
    facts = facts_of(TRACR)
    assert isinstance(facts, TracrFacts)
    for count in range(1, facts.context):
        tokens = tuple(f"x{i}" for i in range(count))
        standing = ["bos", *tokens]
        for name in tokens:
            assert resolve_position(Position(name), tokens, facts) == standing.index(name)
        for index in range(-9, 9):
            expected = range(len(standing))[index] if -len(standing) <= index < len(standing) else None
            assert resolve_position(Position(index=index), tokens, facts) == expected
        assert resolve_position(Position("elsewhere"), tokens, facts) is None
    assert resolve_positions((Y, FIRST, LAST), TOKENS, facts) == (3, 0, 4)


def test_networks_without_positions_have_one_place_for_all_tokens() -> None:
    facts = facts_of(MLP)
    assert isinstance(facts, MlpFacts)
    assert resolve_position(X, TOKENS, facts) is None
    assert resolve_positions((), TOKENS, facts) == (0,)


@pytest.mark.parametrize("position", [X, LAST, FIRST, Position(index=4), Position(index=-5)])
def test_a_position_that_is_there_passes(position: Position) -> None:
    assert check_site(at("resid", 2, position)) == []
    assert check_site(at("logits", None, position)) == []
    assert check(program_of(TRACR, answer=position)) == check(program_of(TRACR, (place(at("resid", 0, X)),), position))


def test_a_position_where_the_network_has_none_is_an_error() -> None:
    (found,) = check_site(at("hidden", 1, X), MLP)
    assert found.code == "CS330"
    assert found.label.span == HERE
    assert found.message == "the site `hidden[1] @ {x}` has a position, but the network `n` has none"
    assert "written without `@`" in found.help
    assert check_site(at("hidden", 1), MLP) == []
    (found,) = check(program_of(MLP, (place(at("hidden", 1)),), LAST))
    assert (found.code, found.label.span) == ("CS330", Span(10, 12))
    assert "the answer `out`" in found.message


def test_a_site_or_answer_without_a_position_is_an_error() -> None:
    (found,) = check_site(at("resid", 1))
    assert (found.code, found.label.span) == ("CS331", HERE)
    assert found.message == (
        "expected a position of the site `resid[1]`, found none: the network `n` has one for each token"
    )
    assert "`@ {w}`" in found.help
    (found,) = check(program_of(TRACR))
    assert (found.code, found.label.span) == ("CS331", Span(10, 12))
    assert "a position of the answer `out`, found none" in found.message


@pytest.mark.parametrize("index", [5, 100, -6])
def test_an_index_out_of_range_is_an_error(index: int) -> None:
    (found,) = check_site(at("resid", 1, X, Position(index=index)))
    assert (found.code, found.label.span) == ("CS332", HERE)
    assert f"expected a position of 0..4, or of -5..-1 from the end, found {index}" in found.message


def test_a_slot_must_be_a_token() -> None:
    (found,) = check(program_of(TRACR, (place(at("resid", 1, Y)),), LAST, tokens=("w", "x")))
    assert (found.code, found.label.span) == ("CS333", HERE)
    assert "not fed `y`" in found.message
    assert found.help == "the tokens are `w`, `x`"


def test_one_position_written_twice_is_an_error() -> None:
    (found,) = check_site(at("resid", 1, X, Position(index=2)))
    assert found.code == "CS306"
    assert found.message == "position 2 is listed twice in `resid[1] @ [{x}, 2]`"


# --- components, layers, dims ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("network", "component", "layer"),
    [(TRACR, "hidden", 1), (TRACR, "resid", 3), (MLP, "resid", 1), (MLP, "hidden", 4), (TRACR, "mlp_out", 0)],
)
def test_sites_that_a_network_lacks_are_listed_against_those_that_it_has(
    network: str, component: str, layer: int
) -> None:
    (found,) = check_site(at(component, layer, *([X] if network == TRACR else [])), network)
    assert (found.code, found.label.span) == ("CS320", HERE)
    sites, help = {
        TRACR: ("`resid[0]` to `resid[2]` and `logits`, each at a position", "after the attention of layer l"),
        MLP: ("`hidden[0]` to `hidden[3]` and `logits`", "`hidden[0]` is the concatenated embedding"),
    }[network]
    assert found.notes == (f"`n` has {sites}",)
    assert help in found.help


def test_dims_are_those_of_the_stream() -> None:
    assert check_site(at("resid", 1, X, dims=(0, 20))) == []
    (found,) = check_site(at("resid", 1, X, dims=(0, 21)))
    assert found.code == "CS321"
    assert found.message == "expected dims 0..20 of `n`, found 21"


def test_a_task_feeds_as_many_tokens_as_the_network_reads() -> None:
    for count in range(1, 5):
        assert check(program_of(TRACR, answer=LAST, tokens=TOKENS[:count])) == []
    long = tuple(f"x{i}" for i in range(7))
    (found,) = check(program_of(TRACR, answer=LAST, tokens=long))
    assert (found.code, found.label.span) == ("CS510", Span(20, 22))
    assert found.message == "expected 1 to 6 tokens, found 7: the network `n` reads 1 to 6"
    (found,) = check(program_of(MLP, tokens=("w", "x", "y")))
    assert found.message == "expected 4 tokens, found 3: the network `n` reads 4"


# --- room ------------------------------------------------------------------------------------------------------------


def room(*placements: Placement) -> list[Diagnostic]:
    return check(program_of(TRACR, placements, LAST))


def test_several_positions_are_one_vector() -> None:
    pair = at("resid", 1, X, Y)
    assert room(place(pair, "u", ROTATION, 42)) == []
    assert room(place(pair, "u", ROTATION, 20), place(pair, "v", ROTATION, 22)) == []
    (found,) = room(place(pair, "u", ROTATION, 20), place(pair, "v", ROTATION, 23))
    assert found.code == "CS322"
    assert found.message == "`v` needs 23 dims after 20 for `u`, but `resid[1] @ [{x}, {y}]` of `n` has 42"
    assert found.label.span == Span(60, 65)


def test_variables_at_different_positions_have_room_of_their_own() -> None:
    assert room(place(at("resid", 1, X), "u"), place(at("resid", 1, Y), "v")) == []
    assert room(place(at("resid", 1, X), "u", ROTATION, 21), place(at("resid", 1, Y), "v", ROTATION, 21)) == []


def test_positions_that_are_the_same_however_written_share_their_room() -> None:
    x = Position(index=2)
    assert room(place(at("resid", 1, X), "u", ROTATION, 10), place(at("resid", 1, x), "v", ROTATION, 11)) == []
    (found,) = room(place(at("resid", 1, X), "u", ROTATION, 10), place(at("resid", 1, x), "v", ROTATION, 12))
    assert found.code == "CS322"
    (found,) = room(place(at("resid", 1, X), "u"), place(at("resid", 1, x), "v"))
    assert found.code == "CS302"
    assert found.message == "`u` and `v` overlap: `resid[1] @ {x}` and `resid[1] @ 2` share position 2"


def test_positions_that_overlap_in_part_are_an_error_unless_the_dims_are_disjoint() -> None:
    pair = (X, Y)
    (found,) = room(place(at("resid", 1, *pair), "u", ROTATION, 2), place(at("resid", 1, Y), "v", ROTATION, 2))
    assert found.code == "CS302"
    assert "share position 3" in found.message
    one, two = at("resid", 1, *pair, dims=(0, 1)), at("resid", 1, Y, dims=(2, 3))
    assert room(place(one, "u"), place(two, "v")) == []
    (found,) = room(place(one, "u"), place(replace(two, dims=(1, 2)), "v"))
    assert found.code == "CS302"


def test_the_largest_of_several_sizes_must_fit_and_a_learned_one_always_does() -> None:
    assert room(place(at("resid", 1, X), "u", ROTATION, 4, 21)) == []
    (found,) = room(place(at("resid", 1, X), "u", ROTATION, 4, 22))
    assert found.code == "CS322"
    assert (
        room(place(at("resid", 1, X), "u", ROTATION, "learned"), place(at("resid", 1, X), "v", ROTATION, "learned"))
        == []
    )


def test_every_member_of_a_family_is_checked() -> None:
    members = (at("resid", 1, X), at("resid", 1, Position(index=9)))
    (found,) = room(place(members[0], "u", ROTATION, 4, members=members))
    assert (found.code, found.label.span) == ("CS332", HERE)
    assert room(place(members[0], "u", ROTATION, 4, members=(members[0], at("resid", 1, Y)))) == []


@pytest.mark.parametrize(
    ("outer", "room"),
    [
        (place(at("resid", 1, X), "u", ROTATION, 4), 4),
        (place(at("resid", 1, X, Y, dims=(0, 3)), "u"), 4),
        (place(Region("resid", None, None, (X,)), "u"), None),
        (place(at("resid", 1, X), "u", ROTATION, "learned"), None),
    ],
)
def test_a_block_inside_another_must_fit_into_it(outer: Placement, room: int | None) -> None:
    def check_inner(size: int) -> list[Diagnostic]:
        program = program_of(TRACR, (outer,), LAST)
        inner = place(Site("resid", 1, inside=("a", "u"), span=HERE), "v", ROTATION, size)
        within = replace(program.alignments["a"], name="b", placements=(inner,))
        return check(replace(program, alignments=program.alignments | {"b": within}))

    assert check_inner(4) == []
    found = check_inner(5)
    assert [d.code for d in found] == ([] if room is None else ["CS322"])
    assert all(d.message == "`v` needs 5 dims, but `a.u` of `n` has 4" for d in found)


# --- regions ---------------------------------------------------------------------------------------------------------


def region(layers: tuple[int, ...] | None, positions: tuple[Position, ...] | None, dims: object = None) -> Region:
    return Region("resid", layers, dims, positions, span=HERE)  # type: ignore[arg-type]


@pytest.mark.parametrize("positions", [None, (X,), (X, Y, LAST)])
@pytest.mark.parametrize("layers", [None, (0, 2)])
@pytest.mark.parametrize("dims", [None, "each", ((0, 1), (20,))])
def test_a_region_of_sites_that_are_there_passes(
    layers: tuple[int, ...] | None, positions: tuple[Position, ...] | None, dims: object
) -> None:
    assert room(place(region(layers, positions, dims))) == []


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (region((1, 3), (X,)), "CS320"),
        (Region("hidden", None, None, (X,), span=HERE), "CS320"),
        (region(None, (X,), ((0,), (3, 21))), "CS321"),
        (region(None, ()), "CS331"),
        (region(None, (X, Position(index=5))), "CS332"),
        (region(None, (Position("out"),)), "CS333"),
    ],
)
def test_every_site_of_a_region_must_be_there(bad: Region, code: str) -> None:
    (found,) = room(place(bad))
    assert (found.code, found.label.span) == (code, HERE)


def test_regions_of_networks_without_positions_have_none() -> None:
    def check_region(positions: tuple[Position, ...] | None) -> list[Diagnostic]:
        return check(program_of(MLP, (place(Region("hidden", None, None, positions, span=HERE)),)))

    assert check_region(()) == []
    for positions in (None, (X,)):
        (found,) = check_region(positions)
        assert found.code == "CS330"


def test_every_site_of_a_region_needs_room_for_all_that_search_it_together() -> None:
    def check_sizes(*sizes: int) -> list[Diagnostic]:
        here = Region("hidden", (1, 2), None, (), span=HERE)  # 8 and 2 dims wide
        return check(program_of(MLP, tuple(place(here, f"v{i}", ROTATION, size) for i, size in enumerate(sizes))))

    assert facts_of(MLP).width("hidden", 1) == 8
    assert facts_of(MLP).width("hidden", 2) == 2
    assert check_sizes(2) == []
    assert check_sizes(1, 1) == []
    for sizes in ((3,), (1, 2)):
        (found,) = check_sizes(*sizes)
        assert found.code == "CS322"
        assert f"need {sum(sizes)} dims, but a site of `hidden[1..2]` in `n` has 2" in found.message


# --- other networks of a claim ---------------------------------------------------------------------------------------


def test_an_alignment_is_checked_on_every_network_that_a_claim_carries_it_to() -> None:
    program = program_of(TRACR, (place(at("resid", 2, X)),), LAST)
    estimands = (Iia("a", None, "o", False, None), Accuracy("o", False, "t", None))
    sides = [Linear((Scaled(1, 1, estimand),), (0, 1)) for estimand in estimands]
    bound = Linear((), (1, 2))
    claims = {str(i): Claim(str(i), (Comparison(side, ">=", bound),), "") for i, side in enumerate(sides)}
    assert check(program) == []
    carried = replace(program, networks=program.networks | {"o": Network("o", MLP)}, claims=claims)
    assert sorted(found.code for found in check(carried)) == ["CS320", "CS330"]
    accurate = replace(carried, claims={"1": claims["1"]})
    assert [found.code for found in check(accurate)] == ["CS330"]
