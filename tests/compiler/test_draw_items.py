"""Drawn items against the law: exact probabilities on small domains, halves, splits, links, and the gallery's model."""

import hashlib
import itertools
import tracemalloc
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from cspec.compiler.causal_model import CausalModel
from cspec.compiler.sampling.draw_items import label_of, open_population, set_members, split_of
from cspec.compiler.sampling.items import HeldOut, Items, Recipe
from cspec.compiler.sampling.splits import hash_rows
from cspec.lang.domains import BOOL, Domain, integers
from cspec.lang.expressions import Apply, Constant, Expression, Variable
from cspec.lang.program import Mechanism

SHARES = (0.6, 0.2, 0.2)
WIDE = integers(0, 511)
HELD = tuple(HeldOut(name, tuple(range(384, 512))) for name in "wxyz")


def apply(operator: str, *arguments: Expression) -> Apply:
    return Apply(operator, arguments, BOOL)


def read(name: str, domain: Domain, role: str | None = None) -> Variable:
    return Variable(name, domain, role)


def equality(domain: Domain, require: tuple[Expression, ...] = ()) -> CausalModel:
    """`left = w == x; right = y == z; same = left == right`."""
    left = Mechanism("left", BOOL, apply("==", read("w", domain), read("x", domain)))
    right = Mechanism("right", BOOL, apply("==", read("y", domain), read("z", domain)))
    same = Mechanism("same", BOOL, apply("==", read("left", BOOL), read("right", BOOL)))
    return CausalModel("both", tuple("wxyz"), (domain,) * 4, (left, right, same), "same", require)


def first_symbol(domain: Domain) -> CausalModel:
    """`first = w; same = (first == x) == (y == z)`."""
    first = Mechanism("first", domain, read("w", domain))
    left = apply("==", read("first", domain), read("x", domain))
    same = Mechanism("same", BOOL, apply("==", left, apply("==", read("y", domain), read("z", domain))))
    return CausalModel("first", tuple("wxyz"), (domain,) * 4, (first, same), "same")


def seldom(domain: Domain) -> CausalModel:
    """`v = b > half; same = if a == 0 then v else a > half`: `v` matters on one base in as many as `a` has values."""
    half = Constant((domain.low + domain.high) // 2, domain)
    v = Mechanism("v", BOOL, apply(">", read("b", domain), half))
    counts = apply("and", apply("==", read("a", domain), Constant(domain.low, domain)), read("v", BOOL))
    same = Mechanism("same", BOOL, apply("or", counts, apply(">", read("a", domain), half)))
    return CausalModel("seldom", ("a", "b"), (domain,) * 2, (v, same), "same")


def seldom_either(domain: Domain) -> CausalModel:
    """`v = b > half; w = c > half; same = if a == 0 then v elif a == 1 then w else a > half`: each seldom matters."""
    half = Constant((domain.low + domain.high) // 2, domain)
    copies = tuple(Mechanism(name, BOOL, apply(">", read(of, domain), half)) for name, of in (("v", "b"), ("w", "c")))
    first, second = (apply("==", read("a", domain), Constant(domain.low + i, domain)) for i in (0, 1))
    either = apply("or", apply("and", first, read("v", BOOL)), apply("and", second, read("w", BOOL)))
    same = Mechanism("same", BOOL, apply("or", either, apply(">", read("a", domain), half)))
    return CausalModel("either", tuple("abcd"), (domain,) * 4, (*copies, same), "same")


def recipe(model: CausalModel, variables: Sequence[str], **changes: object) -> Recipe:
    indices = range(len(variables))
    sets = tuple(s for k in range(1, len(variables) + 1) for s in itertools.combinations(indices, k)) or ((),)
    settings = {"where": (), "held_out": (), "shares": SHARES, "seed": 0} | changes
    return Recipe(model, tuple(variables), sets, **settings)  # type: ignore[arg-type]


def naive_halves(r: Recipe, population, items: Items) -> list[bool]:
    """Whether each item changes the output, one item at a time."""
    found = []
    for inputs, cell in zip(items.inputs, items.cell.tolist(), strict=True):
        chosen = r.sets[population.cells[cell].set_index]
        setting = {}
        for j in chosen:
            name = r.variables[j]
            setting[name] = (r.model.run(inputs[1 + j : 2 + j], {})[name], np.array([True]))
        found.append(bool(r.model.run(inputs[:1], setting)["same"][0] != r.model.output_of(inputs[:1])[0]))
    return found


def rows(inputs: np.ndarray) -> set[tuple[int, ...]]:
    return set(map(tuple, inputs.reshape(-1, inputs.shape[-1]).tolist()))


GALLERY = recipe(equality(WIDE), ("left", "right"), held_out=HELD)
SMALL = recipe(equality(integers(0, 3)), ("left", "right"))
FIRST = recipe(first_symbol(integers(3, 7)), ("first",))


@pytest.mark.parametrize(
    "r",
    [GALLERY, SMALL, FIRST, recipe(first_symbol(WIDE), ("first",)), recipe(seldom_either(integers(0, 63)), ("v", "w"))],
)
@pytest.mark.parametrize("split", ["fit", "test"])
def test_halves_and_splits_are_as_said(r: Recipe, split: str) -> None:
    population = open_population(r)
    items = population.draw(split, 300).items
    assert len(items) >= 3
    changing = [population.cells[c].half == "changing" for c in items.cell.tolist()]
    assert naive_halves(r, population, items) == changing
    assert set(split_of(r, items.inputs.reshape(-1, 4)).tolist()) == {("fit", "select", "test").index(split)}
    labels = label_of(population, items)
    assert np.array_equal(labels != r.model.output_of(items.bases), changing)
    assert sum(cell.weight for cell in population.cells) == 1


@pytest.mark.parametrize("r", [GALLERY, SMALL, FIRST])
@pytest.mark.parametrize("split", ["fit", "select", "test"])
def test_fewer_items_are_a_prefix(r: Recipe, split: str) -> None:
    long = open_population(r).draw(split, 2500).items
    population = open_population(r)
    for count in (1, 10, 1024, 1025, 2500):
        short = population.draw(split, count).items
        assert np.array_equal(short.inputs, long.inputs[:count])
        assert np.array_equal(short.cell, long.cell[:count])
    other = open_population(recipe(r.model, r.variables, held_out=r.held_out, seed=1)).draw(split, 10).items
    assert not np.array_equal(other.inputs, long.inputs[:10])


def test_no_test_input_is_in_two_items_and_the_stream_ends_when_inputs_do() -> None:
    population = open_population(SMALL)
    drawn = population.draw("test", 1000)
    assert drawn.drawable == len(drawn.items)
    assert 3 <= drawn.drawable < 60
    assert "no input occurs in two items" in drawn.reason
    owners: dict[tuple[int, ...], int] = {}
    for i, item in enumerate(drawn.items.inputs.tolist()):
        for row in map(tuple, item):
            assert owners.setdefault(row, i) == i
    big = open_population(GALLERY).draw("test", 4000)
    assert big.drawable is None
    for item_rows, seen in [(big.items.inputs, Counter())]:
        for item in item_rows.tolist():
            seen.update(set(map(tuple, item)))
        assert max(seen.values()) == 1


def all_equal(domain: Domain) -> CausalModel:
    """`u = a; v = b; w = c; same = u == v and v == w`: every combination of cells is looked for on rare halves."""
    names = (("u", "a"), ("v", "b"), ("w", "c"))
    copies = tuple(Mechanism(copy, domain, read(of, domain)) for copy, of in names)
    both = apply("==", read("u", domain), read("v", domain)), apply("==", read("v", domain), read("w", domain))
    return CausalModel(
        "all", tuple("abcd"), (domain,) * 4, (*copies, Mechanism("same", BOOL, apply("and", *both))), "same"
    )


@pytest.mark.parametrize(
    ("r", "digests"),
    [
        (GALLERY, ("11d07db9877d", "05cc6be5985d")),
        (FIRST, ("88159b440218", "0c0f38813715")),
        (recipe(all_equal(integers(0, 3)), tuple("uvw")), ("655529c9219a", "9338f843d7d5")),
        (recipe(all_equal(integers(0, 3)), tuple("uvw"), halves=("exposed",)), ("2e6550cbb485", "e63ec68cfe32")),
        (
            recipe(
                equality(WIDE),
                ("left", "right"),
                where=(apply("==", read("w", WIDE, "base"), read("w", WIDE, "source")),),
            ),
            ("afe42fb21e8f", "484ab9f60e06"),
        ),
    ],
)
def test_drawn_items_stay_what_they_are(r: Recipe, digests: tuple[str, str]) -> None:
    """Stored results and quoted numbers are of these items: what draws them faster draws the same."""
    population = open_population(r)
    drawn = [population.draw(split, 1500).items for split in ("fit", "test")]
    found = [hashlib.sha256(items.inputs.tobytes() + items.cell.tobytes()).hexdigest()[:12] for items in drawn]
    assert tuple(found) == digests


def test_how_many_test_items_there_can_be_shows_in_the_first() -> None:
    """An item takes 3 inputs, a quarter of them with both pairs equal: of these a fifth of 512 * 512 are in `test`."""
    population = open_population(recipe(equality(WIDE), ("left", "right")))
    assert population.expected("test") == float("inf")
    population.draw("test", 4096)
    assert population.expected("test") == pytest.approx(0.2 * 512 * 512 / (3 / 4), rel=0.05)
    population.draw("fit", 1)
    assert population.expected("fit") == float("inf"), "of `fit` an input may be in many items"


def test_no_more_test_items_come_than_were_expected() -> None:
    population = open_population(recipe(equality(integers(0, 63)), ("left", "right")))
    drawn = population.draw("test", 4096)
    assert drawn.drawable is not None
    assert drawn.drawable <= population.expected("test") <= 2 * drawn.drawable


def test_the_split_is_a_partition_with_the_shares() -> None:
    inputs = np.random.default_rng(0).integers(0, 512, (50_000, 4))
    plain = split_of(recipe(equality(WIDE), ("left",)), inputs)
    assert np.allclose(np.bincount(plain, minlength=4) / len(inputs), (*SHARES, 0), atol=0.01)
    held = split_of(GALLERY, inputs)
    high = (inputs >= 384).sum(axis=1)
    assert np.array_equal(held == 2, high == 4)
    assert np.array_equal(held == 3, (high > 0) & (high < 4))
    assert abs(np.mean(held[high == 0] == 0) - 0.75) < 0.02


def test_values_split_by_hash_are_the_same_for_every_input() -> None:
    r = recipe(equality(integers(10, 209)), ("left", "right"), held_out=tuple(HeldOut(n, None) for n in "wxyz"))
    same = split_of(r, np.repeat(np.arange(200)[:, None], 4, axis=1))
    assert set(same.tolist()) == {0, 1, 2}
    mixed = np.random.default_rng(0).integers(0, 200, (2000, 4))
    agree = (same[mixed] == same[mixed][:, :1]).all(axis=1)
    assert np.array_equal(split_of(r, mixed), np.where(agree, same[mixed[:, 0]], 3))
    items = open_population(r).draw("test", 500).items
    assert set(same[items.inputs].reshape(-1).tolist()) == {2}


def test_the_hash_is_fixed() -> None:
    """The published law: absorbing columns by splitmix64. A change would move every input of every spec."""
    h = int.from_bytes(__import__("hashlib").sha256(b"cspec/7/split").digest()[:8], "big")
    word = 2**64 - 1
    for i, value in enumerate((3, -1)):
        h ^= (value + (i + 1) * 0x9E3779B97F4A7C15) & word
        h = ((h ^ (h >> 30)) * 0xBF58476D1CE4E5B9) & word
        h = ((h ^ (h >> 27)) * 0x94D049BB133111EB) & word
        h ^= h >> 31
    assert hash_rows(7, "split", np.array([[3, -1]])).tolist() == [h]


def exact_law(r: Recipe, chosen: tuple[int, ...], changing: bool) -> dict[tuple[int, ...], float]:
    """The probability of every base input in one cell of the fit split, by enumeration.

    The base's own law, whatever the half: only bases for which no source gives the half are left out.
    """
    sizes = [range(d.size) for d in r.model.input_domains]
    inputs = np.array(list(itertools.product(*sizes)))
    inputs = inputs[split_of(r, inputs) == 0]
    codes = r.model.run(inputs, {})
    tuples = list(zip(*(codes[v].tolist() for v in (*r.variables, r.model.output)), strict=True))
    count = Counter(tuples)
    law: dict[tuple[int, ...], float] = {}
    for row, own in zip(inputs, tuples, strict=True):
        for others in itertools.product(count, repeat=len(chosen)):
            setting = {
                r.variables[j]: (np.array([t[j]]), np.array([True])) for j, t in zip(chosen, others, strict=True)
            }
            after = r.model.run(row[None], setting)[r.model.output][0]
            if (after != own[-1]) == changing:
                law[tuple(row.tolist())] = 1 / (len(count) * count[own])
    total = sum(law.values())
    return {row: p / total for row, p in law.items()}


@pytest.mark.parametrize(
    "r",
    [
        recipe(equality(integers(0, 2)), ("left", "right")),
        recipe(first_symbol(integers(0, 2)), ("first",)),
        recipe(seldom(integers(0, 39)), ("v",)),
    ],
)
def test_bases_follow_their_own_law_given_set_and_half(r: Recipe) -> None:
    population = open_population(r)
    drawn = population.draw("fit", 12_000)
    assert drawn.drawable is None
    items = drawn.items
    for index, cell in enumerate(population.cells):
        bases = items.bases[items.cell == index]
        law = exact_law(r, r.sets[cell.set_index], cell.half == "changing")
        seen = Counter(map(tuple, bases.tolist()))
        assert set(seen) <= set(law)
        statistic = sum((seen[x] - len(bases) * p) ** 2 / (len(bases) * p) for x, p in law.items())
        assert statistic < len(law) + 5 * np.sqrt(2 * len(law)), cell


@pytest.mark.parametrize("split", ["fit", "test"])
def test_the_half_tells_nothing_of_the_base(split: str) -> None:
    """Were base and sources conditioned together, `w == x` would predict the half of `first` with .99."""
    population = open_population(recipe(first_symbol(WIDE), ("first",), held_out=HELD))
    items = population.draw(split, 4000).items
    equal = items.bases[:, 0] == items.bases[:, 1]
    changing = np.array([population.cells[c].half == "changing" for c in items.cell.tolist()])
    assert 0.1 < np.mean(equal) < 0.4
    assert abs(np.mean(equal[changing]) - np.mean(equal[~changing])) < 0.06


def test_sources_outside_the_set_are_uniform_over_tuples_then_inputs() -> None:
    """On the thinned, relational path as on the listed one: four tuples share equally, though one is 1 in 10^5."""
    for domain in (integers(0, 3), integers(0, 299)):
        r = recipe(equality(domain), ("left", "right"))
        items = open_population(r).draw("fit", 6000).items
        only_left = items.inputs[np.isin(items.cell, [0, 1]), 2]
        codes = r.model.run(only_left, {})
        share = np.bincount(codes["left"] * 2 + codes["right"]) / len(only_left)
        assert np.allclose(share, 0.25, atol=0.04)
        assert set(split_of(r, only_left).tolist()) == {0}


def test_cells_are_met_in_turn_in_fit_and_at_random_in_test() -> None:
    population = open_population(GALLERY)
    fit = population.draw("fit", 600).items
    assert set(np.bincount(fit.cell).tolist()) == {100}
    test = population.draw("test", 4000).items
    assert np.all(np.abs(np.bincount(test.cell) - 4000 / 6) < 5 * np.sqrt(4000 / 6))


def test_the_gallery_has_both_answers_and_tells_a_nor_network() -> None:
    """A network that answers `not left and not right` on 512 symbols would pass unbalanced inputs."""
    population = open_population(GALLERY)
    drawn = population.draw("test", 4000)
    labels = label_of(population, drawn.items)
    assert abs(np.mean(labels == 0) - 0.5) < 0.05
    members = set_members(population)[drawn.items.cell]
    values = []
    for j, name in enumerate(("left", "right")):
        base = GALLERY.model.run(drawn.items.bases, {})[name]
        source = GALLERY.model.run(drawn.items.source(j), {})[name]
        values.append(np.where(members[:, j], source, base))
    nor = (values[0] == 0) & (values[1] == 0)
    assert 0.2 < np.mean(nor != labels) < 0.45
    assert 0.3 < drawn.acceptance < 0.7
    accuracy = open_population(recipe(equality(WIDE), (), held_out=HELD))
    inputs = accuracy.draw("test", 2000).items
    assert inputs.inputs.shape == (2000, 1, 4)
    assert abs(np.mean(label_of(accuracy, inputs)) - 0.5) < 0.05


@pytest.mark.parametrize("domain", [integers(0, 7), integers(0, 199)])
def test_links_are_met_by_construction(domain: Domain) -> None:
    link = apply("==", read("w", domain, "base"), read("w", domain, "source"))
    apart = apply("!=", read("x", domain, "base"), read("x", domain, "source"))
    r = recipe(equality(domain), ("left", "right"), where=(link, apart))
    population = open_population(r)
    for split in ("fit", "test"):
        items = population.draw(split, 400).items
        assert len(items) >= 10
        for j in (0, 1):
            assert np.array_equal(items.bases[:, 0], items.source(j)[:, 0])
            assert np.all(items.bases[:, 1] != items.source(j)[:, 1])
        changing = [population.cells[c].half == "changing" for c in items.cell.tolist()]
        assert naive_halves(r, population, items) == changing
        assert set(split_of(r, items.inputs.reshape(-1, 4)).tolist()) == {("fit", "select", "test").index(split)}
    keys = Counter()
    for item in population.draw("test", 400).items.inputs.tolist():
        keys.update(set(map(tuple, item)))
    assert max(keys.values()) == 1


def test_a_base_without_a_source_is_not_drawn() -> None:
    domain = integers(0, 199)
    less = apply("<", read("w", domain, "source"), read("w", domain, "base"))
    far = apply(">=", read("w", domain), Constant(100, domain))
    population = open_population(recipe(equality(domain), ("left",), where=(less, far)))
    items = population.draw("fit", 500).items
    assert items.bases[:, 0].min() >= 101
    assert items.source(0)[:, 0].min() >= 100
    assert np.all(items.source(0)[:, 0] < items.bases[:, 0])


def test_sets_that_cannot_change_the_output_and_halves_that_never_occur_are_said() -> None:
    domain = integers(0, 9)
    idle = Mechanism("idle", domain, read("z", domain))
    model = equality(domain)
    model = CausalModel("m", model.input_names, model.input_domains, (idle, *model.mechanisms), "same")
    population = open_population(recipe(model, ("idle", "left")))
    assert population.left_out == ((0,),)
    assert {cell.set_index for cell in population.cells} == {1, 2}
    opposite = apply("!=", read("w", domain, "base"), read("w", domain, "source"))
    copy = CausalModel(
        "c",
        ("w",),
        (domain,),
        (Mechanism("v", domain, read("w", domain)), Mechanism("o", domain, read("v", domain))),
        "o",
    )
    population = open_population(recipe(copy, ("v",), where=(opposite,)), whole_domain=True)
    assert population.absent == (((0,), "keeping"),)
    assert [cell.weight for cell in population.cells] == [1]


def test_above_1024_tuples_cells_are_the_outputs_values() -> None:
    population = open_population(recipe(first_symbol(integers(0, 599)), ("first",)))
    drawn = population.draw("test", 2000)
    assert drawn.drawable is None
    codes = population.recipe.model.run(drawn.items.source(0), {})
    assert abs(np.mean(codes["same"]) - 0.5) < 0.05


def test_a_model_too_large_for_tables_is_sampled_and_says_so() -> None:
    domain = integers(0, 2999)
    total: Expression = read("a", domain)
    for name in "bcd":
        total = Apply("*", (total, read(name, domain)), integers(0, 3000**4))
    half = Mechanism("half", BOOL, apply(">", total, Constant(10**12, integers(0, 3000**4))))
    out = Mechanism("out", BOOL, apply("!=", read("half", BOOL), apply("<", read("a", domain), read("b", domain))))
    population = open_population(recipe(CausalModel("m", tuple("abcd"), (domain,) * 4, (half, out), "out"), ("half",)))
    assert any("by sampling" in note for note in population.notes)
    drawn = population.draw("test", 1000)
    assert drawn.drawable is None


def test_a_requirement_is_met_by_construction() -> None:
    both = (apply("==", read("w", WIDE), read("x", WIDE)), apply("<", read("y", WIDE), read("z", WIDE)))
    model = CausalModel(
        "m", tuple("wxyz"), (WIDE,) * 4,
        (Mechanism("v", WIDE, read("w", WIDE)), Mechanism("out", BOOL, apply("<", read("v", WIDE), read("y", WIDE)))),
        "out", both,
    )  # fmt: skip
    population = open_population(recipe(model, ("v",)))
    assert population.draw("fit", 1000).drawable is None
    inputs = np.concatenate([population.draw(split, 400).items.inputs for split in ("fit", "test")])
    assert len(inputs) > 440  # many of the thousand cells have one test input, and no input is in two test items
    assert np.array_equal(inputs[..., 0], inputs[..., 1])
    assert np.all(inputs[..., 2] < inputs[..., 3])


def test_an_empty_split_draws_nothing_and_says_why() -> None:
    for domain in (integers(0, 5), WIDE):
        population = open_population(recipe(equality(domain), ("left",), shares=(0.0, 0.5, 0.5)))
        drawn = population.draw("fit", 10)
        assert (len(drawn.items), drawn.drawable) == (0, 0)
        assert drawn.reason
        nothing = recipe(equality(domain), ("left",), held_out=(HeldOut("w", ()),))
        drawn = open_population(nothing).draw("test", 10)
        assert (len(drawn.items), drawn.drawable) == (0, 0)
        never = (apply("<", read("w", domain), Constant(0, domain)),)
        empty = open_population(recipe(equality(domain), ("left",), where=never))
        assert empty.cells == ()
        assert empty.draw("test", 10).drawable == 0


def test_links_too_large_for_tables_are_rejected_and_said() -> None:
    domain = integers(0, 199)
    apart = apply("!=", read("x", domain, "base"), read("x", domain, "source"))
    population = open_population(
        recipe(
            equality(domain),
            ("left",),
            where=(apart, apply("==", read("w", domain, "base"), read("w", domain, "source"))),
        )
    )
    assert any("by sampling" in note for note in population.notes)


def test_a_half_that_is_too_rare_ends_the_stream_within_bounded_effort() -> None:
    """`v` counts only where four other inputs are 0: a change is one in 10^9."""
    rare: Expression = read("v", WIDE)
    wanted = apply(">", rare, Constant(0, WIDE))
    for name in "xyz":
        wanted = apply("and", wanted, apply("==", read(name, WIDE), Constant(0, WIDE)))
    always = apply("<", read("w", WIDE), Constant(256, WIDE))
    model = CausalModel(
        "m", tuple("wxyz"), (WIDE,) * 4,
        (Mechanism("v", BOOL, always), Mechanism("same", BOOL, apply("!=", wanted, always))), "same",
    )  # fmt: skip
    population = open_population(recipe(model, ("v",)))
    assert [cell.half for cell in population.cells] == ["changing", "keeping"]
    drawn = population.draw("fit", 100)
    assert drawn.drawable is None or "was not met" in drawn.reason


def test_a_condition_with_one_role_binds_that_role_alone() -> None:
    for domain in (integers(0, 5), WIDE):
        low = apply("<", read("w", domain, "base"), Constant(2, domain))
        items = open_population(recipe(equality(domain), ("left",), where=(low,))).draw("fit", 400).items
        assert items.bases[:, 0].max() == 1
        assert items.source(0)[:, 0].max() > 3


@pytest.mark.parametrize("symbols", [16, 32])
def test_small_domains_are_drawn_nearly_to_their_end_in_bounded_memory(symbols: int) -> None:
    """The rarest cell, both equal, has symbols^2 / 5 test inputs or so, of which an item takes .75 on average."""
    r = recipe(equality(integers(0, symbols - 1)), ("left", "right"))
    tracemalloc.start()
    drawn = open_population(r).draw("test", 4000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    most = symbols**2 / 5 / 0.75
    assert 0.6 * most < len(drawn.items) < 1.4 * most
    assert peak < 300e6
    codes = r.model.run(drawn.items.inputs.reshape(-1, 4), {})
    shares = np.bincount(codes["left"] * 2 + codes["right"]) / len(codes["left"])
    assert np.allclose(shares, 0.25, atol=0.1)  # no drift towards cells with more inputs


STEPS, THRESHOLD = 6000, 1050


def above_thresholds(threshold: int) -> CausalModel:
    """`a = w; o = a > threshold * (y + 1)`: of w there are far more values than cells."""
    wide = integers(0, STEPS - 1)
    limit = Apply("*", (Constant(threshold, wide), Apply("+", (read("y", integers(0, 3)), ONE), wide)), wide)
    mechanisms = (Mechanism("a", wide, read("w", wide)), Mechanism("o", BOOL, apply(">", read("a", wide), limit)))
    return CausalModel("above", ("w", "y"), (wide, integers(0, 3)), mechanisms, "o")


ONE = Constant(1, integers(0, 3))


def mean_source() -> float:
    """The mean of w on sources, in shares of its range, by enumeration: sources are conditioned on the half alone."""
    w, limits = (np.arange(STEPS) + 0.5) / STEPS, THRESHOLD * np.arange(1, 5) / STEPS
    true = w > limits[:, None]
    law = true.mean(axis=0) / true.mean() + (~true).mean(axis=0) / (~true).mean()
    total = 0.0
    for output, y, changes in itertools.product((False, True), range(4), (False, True)):
        of_base = (true[y] == output).sum() / (true == output).sum()
        fits = law * ((w > limits[y]) == (output != changes))
        total += of_base * (fits * w).sum() / fits.sum() / 4
    return total


def test_items_keep_their_law_until_the_stream_ends() -> None:
    """Sources of large w are wanted more often: were all inputs used up, the last ones would be of larger w yet."""
    last = []
    for seed in range(6):
        drawn = open_population(recipe(above_thresholds(THRESHOLD), ("a",), seed=seed)).draw("test", 4000)
        assert "no longer has the law of all" in drawn.reason
        assert 0.4 < 2 * len(drawn.items) / (4 * STEPS * SHARES[2]) < 0.6, "half of the inputs are used"
        last.append(drawn.items.inputs[-300:, 1, 0] / STEPS)
    assert abs(np.mean(last) - mean_source()) < 4 * 0.29 / np.sqrt(6 * 300)


def test_two_hundred_items_are_drawn_whatever_they_use() -> None:
    """Of the rare output there are some 100 inputs, and a base or a source that is one in nearly every item."""
    r = recipe(above_thresholds(200), ("a",), shares=(0.9, 0.05, 0.05))
    items = open_population(r).draw("test", 4000).items
    every = np.stack(np.unravel_index(np.arange(4 * STEPS), (STEPS, 4)), axis=1)
    rare = [
        int((r.model.run(some, {})["o"] == 0).sum())
        for some in (items.inputs.reshape(-1, 2), every[split_of(r, every) == 2])
    ]
    assert len(items) < 200
    assert 0.7 * rare[1] < rare[0] <= rare[1]
