"""What right files mean: the parts of their typed programs."""

from pathlib import Path

import pytest
from cspec.lang import Source, check_declarations, parse_text, read_program
from cspec.lang.claims import Iia
from cspec.lang.domains import BOOL, Domain, integers
from cspec.lang.expressions import Apply, Constant, Variable
from cspec.lang.places import Family

from .faults import BASE, DAS, LEFT, PAIRS
from .programs import program_of

EXAMPLE = '''"""Does the network decide (w == x) == (y == z) by first deciding both equalities?"""

task equality {
  input  w, x, y, z: 0..511
  output same: bool
  tokens [w, x, y, z]
  answer same: { false: 0, true: 1 }
}

model both_equalities for equality {
  left:  bool = w == x
  right: bool = y == z
  same = left == right
}

model first_symbol for equality {
  first = w
  same  = (first == x) == (y == z)
}

network mlp = torch("hierarchical_equality.safetensors")

pairs main for equality {
  holdout w, x, y, z in 384..511      # symbols that the fit never sees
  size    20_000
}

align das: both_equalities -> mlp {
  left, right at hidden[1] via rotation size 4     # one rotation, two disjoint blocks of 4
  fit { steps: 3000, batch: 512, rate: 0.01, seeds: 3 }
}

align first: first_symbol -> mlp {
  first at hidden[1] via rotation size 8
  fit { steps: 3000, batch: 512, rate: 0.01, seeds: 3 }
}

claim solves:     accuracy(mlp) >= 0.99
claim represents: iia(das) >= 0.90
claim both:       iia(das) - iia(first) >= 0.20
claim not_first:  iia(first) <= 0.60
'''


def equation(expression: str, inputs: str = "w, x, y, z: 0..7", extra: str = "") -> Domain:
    """The inferred domain of `v = expression` in a model over `inputs`."""
    text = BASE.replace("w, x, y, z: 0..7", inputs).replace(LEFT, f"v = {expression}\n  left = w == x") + extra
    return program_of(text).models["both"].mechanisms[0].domain


def test_the_design_example() -> None:
    program = program_of(EXAMPLE)
    assert program.doc.startswith("Does the network decide")
    task = program.tasks["equality"]
    assert [declared.name for declared in task.inputs] == ["w", "x", "y", "z"]
    assert task.inputs[0].domain == integers(0, 511)
    assert task.output is not None
    assert (task.tokens, task.output.domain, task.answers[0].classes) == (("w", "x", "y", "z"), BOOL, (0, 1))
    assert task.doc == ""
    both = program.models["both_equalities"]
    assert [(m.name, m.domain, m.declared) for m in both.mechanisms] == [
        ("left", BOOL, True),
        ("right", BOOL, True),
        ("same", BOOL, True),
    ]
    first = program.models["first_symbol"].mechanisms[0]
    assert (first.name, first.domain, first.declared) == ("first", integers(0, 511), False)
    assert first.expression == Variable("w", integers(0, 511))
    das = program.alignments["das"]
    assert [(p.variable, p.site.text, p.family, p.size) for p in das.placements] == [
        ("left", "hidden[1]", Family("rotation"), 4),
        ("right", "hidden[1]", Family("rotation"), 4),
    ]
    assert (das.pairs, das.fit.steps, das.fit.batch, das.fit.rate, das.fit.seeds) == ("main", 3000, 512, 0.01, 3)
    recipe = program.pairs["main"]
    assert (recipe.size, recipe.split) == (20_000, (0.6, 0.2, 0.2))
    assert recipe.holdouts[0].inputs == ("w", "x", "y", "z")
    assert recipe.holdouts[0].values == tuple(range(384, 512))
    both_claim = program.claims["both"].parts[0]
    assert [(t.numerator, t.denominator, t.estimand) for t in both_claim.left.terms] == [
        (1, 1, Iia("das", None, "mlp", False, "main")),
        (-1, 1, Iia("first", None, "mlp", False, "main")),
    ]
    assert (both_claim.relation, both_claim.right.constant) == (">=", (1, 5))
    assert program.claims["solves"].parts[0].right.constant == (99, 100)
    assert program.claims["both"].text == "iia(das) - iia(first) >= 0.20"


def test_spans_point_at_the_text() -> None:
    program = program_of(EXAMPLE)
    placement = program.alignments["das"].placements[1]
    assert EXAMPLE[placement.span.start : placement.span.end] == "right"
    assert EXAMPLE[placement.size_span.start : placement.size_span.end] == "4"
    assert EXAMPLE[placement.site.span.start : placement.site.span.end] == "hidden[1]"
    path = program.networks["mlp"].path_span
    assert EXAMPLE[path.start : path.end] == '"hierarchical_equality.safetensors"'
    tokens = program.tasks["equality"].rendering.span
    assert EXAMPLE[tokens.start : tokens.end] == "tokens [w, x, y, z]"


def test_spans_are_not_compared() -> None:
    plain = BASE[BASE.index("task") :]
    assert program_of(plain) == program_of(plain.replace("\n", "\r\n# comment\n").replace(" ", "  "))


def test_equations_come_in_any_order() -> None:
    text = BASE.replace(LEFT, "spare = same\n  " + LEFT)
    assert [m.name for m in program_of(text).models["both"].mechanisms] == ["left", "right", "same", "spare"]


@pytest.mark.parametrize(
    ("expression", "domain"),
    [
        ("w", integers(0, 7)),
        ("-w", integers(-7, 0)),
        ("w - x", integers(-7, 7)),
        ("w + 3 * x", integers(0, 28)),
        ("abs(2 * w - (x + y))", integers(0, 14)),
        ("min(w, 3)", integers(0, 3)),
        ("max(w, x, 5)", integers(5, 7)),
        ("w // 2", integers(0, 3)),
        ("-w // 2", integers(-4, 0)),
        ("w // -2", integers(-4, 0)),
        ("w % 3", integers(0, 2)),
        ("w % 100", integers(0, 7)),
        ("(w - 8) % 3", integers(0, 2)),
        ("w % -3", integers(-2, 0)),
        ("w // (w - 3)", integers(-7, 7)),
        ("w % (w - 3)", integers(-2, 3)),
        ("(w + 20) // w", integers(2, 27)),
        ("if w == x then w + 10 else 3", integers(3, 17)),
        ("w == x", BOOL),
        ("not w < x or y in 0..3", BOOL),
        ("w not in {1, 2, x}", BOOL),
        ("w in x..x + 2", BOOL),
        ("true", BOOL),
        ("(w == x) == (y == z)", BOOL),
        ("if w == x then low else high", Domain("side", 0, 2, ("low", "high"))),
    ],
)
def test_types_are_inferred(expression: str, domain: Domain) -> None:
    assert equation(expression, extra="type side = {low, high}\n") == domain


def test_intervals_of_large_numbers() -> None:
    assert equation("abs(2 * y - (w + x))", "w, x, y, z: 0..99") == integers(0, 198)


def test_precedence() -> None:
    text = BASE.replace(LEFT, "left = not w == x and y + 2 * z > 3 or w < x")
    expression = program_of(text).models["both"].mechanisms[0].expression
    assert isinstance(expression, Apply)
    assert expression.operator == "or"
    conjunction = expression.arguments[0]
    assert isinstance(conjunction, Apply)
    assert [a.operator for a in conjunction.arguments if isinstance(a, Apply)] == ["not", ">"]


def test_membership_in_a_range_is_two_comparisons() -> None:
    text = BASE.replace(LEFT, "left = w not in 2..5")
    expression = program_of(text).models["both"].mechanisms[0].expression
    w = Variable("w", integers(0, 7))
    low = Apply(">=", (w, Constant(2, integers(2, 2))), BOOL)
    high = Apply("<=", (w, Constant(5, integers(5, 5))), BOOL)
    assert expression == Apply("not", (Apply("and", (low, high), BOOL),), BOOL)


def test_symbols_are_decided_by_what_they_are_compared_with() -> None:
    text = BASE.replace(LEFT, "a: {up, down} = down\n  b: {low, up} = up\n  left = up == a and b == up").replace(
        "right = y", "right = a == down and b != low and y"
    )
    mechanisms = {m.name: m for m in program_of(text).models["both"].mechanisms}
    assert mechanisms["a"].expression == Constant(1, mechanisms["a"].domain)
    assert mechanisms["b"].expression == Constant(1, mechanisms["b"].domain)
    left = mechanisms["left"].expression
    assert isinstance(left, Apply)
    first, second = left.arguments
    assert isinstance(first, Apply)
    assert isinstance(second, Apply)
    assert first.arguments[0] == Constant(0, mechanisms["a"].domain)
    assert second.arguments[1] == Constant(1, mechanisms["b"].domain)


def test_types_may_name_types_in_any_order() -> None:
    text = BASE.replace("0..7", "digit") + "type digit = small\ntype small = 0..7\n"
    assert program_of(text).tasks["equality"].inputs[0].domain == Domain("small", 0, 8)


def test_keywords_name_variables() -> None:
    text = BASE.replace("left", "size").replace("right", "where").replace("iia(das)", "iia(das.where)")
    text = text.replace("  size, where at", "  where at")
    assert [m.name for m in program_of(text).models["both"].mechanisms] == ["size", "where", "same"]


def test_answers() -> None:
    text = BASE.replace("output same: bool", "output same: 2..4").replace("{ false: 0, true: 1 }", "index")
    text = text.replace("same = left == right", "same = if left == right then 2 else 4")
    assert program_of(text).tasks["equality"].answers[0].classes == (2, 3, 4)
    text = text.replace("index", "{ 4: 0, 2: 7, 3: 1, }")
    assert program_of(text).tasks["equality"].answers[0].classes == (7, 1, 0)


def test_sites_and_families() -> None:
    text = BASE.replace(
        DAS,
        "  left at hidden[1][0, 2, 5..7]\n  right at hidden[2] via rotation\n  same at logits[0..1] via identity\n",
    )
    left, right, same = program_of(text).alignments["das"].placements
    assert (left.site.text, left.site.dims, left.family) == (
        "hidden[1][0, 2, 5..7]",
        (0, 2, 5, 6, 7),
        Family("identity"),
    )
    assert (right.site.dims, right.family, right.size) == (None, Family("rotation"), None)
    assert (same.site.component, same.site.layer, same.site.dims) == ("logits", None, (0, 1))


def test_disjoint_dims_need_no_common_rotation() -> None:
    text = BASE.replace(DAS, "  left at hidden[1][0..3] via rotation size 2\n  right at hidden[1][4..7]\n")
    assert len(program_of(text).alignments["das"].placements) == 2


def test_recipes() -> None:
    body = """split .5, .25, .25
  where base.w != source.w and left
  where same
  holdout w in {1, 3}, x
  """
    text = BASE + PAIRS % body.replace(", x", "").rstrip() + "settings { confidence: 0.9, seed: 7 }\n"
    program = program_of(text)
    recipe = program.pairs["main"]
    assert recipe.split == (0.5, 0.25, 0.25)
    assert recipe.holdouts[0].values == (1, 3)
    first = recipe.where[0]
    assert isinstance(first, Apply)
    unequal, left = first.arguments
    assert isinstance(unequal, Apply)
    assert [a.role for a in unequal.arguments if isinstance(a, Variable)] == ["base", "source"]
    assert left == Variable("left", BOOL)
    assert recipe.where[1] == Variable("same", BOOL)
    assert program.alignments["das"].pairs == "main"
    assert (program.settings.confidence, program.settings.seed) == (0.9, 7)


def test_claims() -> None:
    text = BASE.replace(
        "iia(das) >= 0.9",
        """2 * (iia(das.{right, left} on random(mlp)) - .25 * accuracy(mlp)) + 0.1 >= 0.3   # comment
           and accuracy(random(mlp)) == 1/2
  at confidence 0.99 exhaustively expect inconclusive(numeric)""".replace("1/2", "0.5 +- 0.05"),
    )
    claim = program_of(text).claims["represents"]
    first, second = claim.parts
    assert [(t.numerator, t.denominator) for t in first.left.terms] == [(2, 1), (-1, 2)]
    assert first.left.terms[0].estimand == Iia("das", ("left", "right"), "mlp", True, None)
    assert (first.left.constant, first.right.constant) == ((1, 10), (3, 10))
    assert (second.relation, second.tolerance) == ("==", (1, 20))
    assert (claim.confidence, claim.exhaustively, claim.expect, claim.expect_reason) == (
        0.99,
        True,
        "inconclusive",
        "numeric",
    )
    assert "#" not in claim.text
    assert claim.text.endswith("expect inconclusive(numeric)")


def test_one_of_two_recipes_is_named() -> None:
    text = BASE + PAIRS % "size 9" + "pairs more for equality { }\n"
    text = text.replace("-> mlp {", "-> mlp over more {") + "claim c: iia(das over main) >= 0.5\n"
    program = program_of(text)
    assert program.alignments["das"].pairs == "more"
    estimands = [program.claims[name].parts[0].left.terms[0].estimand for name in ("represents", "c")]
    assert [estimand.pairs for estimand in estimands] == ["more", "main"]


def test_expectations_that_can_come() -> None:
    for claim in (
        "iia(das) >= 0.9 expect unsupported",
        "iia(das) <= 0.9 expect refuted",
        "accuracy(mlp) >= 0.9 expect refuted",
        "iia(das) == 0.5 +- 0.1 expect unsupported",
        "accuracy(mlp) - iia(das) >= 0.1 expect refuted",
    ):
        assert program_of(BASE.replace("iia(das) >= 0.9", claim))


def test_doc_strings_belong_to_what_follows() -> None:
    text = BASE.replace("task equality", '"""the task"""\ntask equality').replace("claim", '"""said"""\nclaim')
    program = program_of(text)
    assert (program.doc, program.tasks["equality"].doc) == ("Are both equalities decided first?", "the task")
    assert program.claims["represents"].doc == "said"


def test_a_file_without_claims_is_fine() -> None:
    assert program_of(BASE[: BASE.index("claim")]).claims == {}


def test_the_two_passes_compose() -> None:
    source = Source(Path("spec.cspec"), BASE)
    tree, diagnostics = parse_text(source)
    assert diagnostics == ()
    assert check_declarations(tree, source) == read_program(source)
