"""What estimands, settings and expectations mean in typed programs."""

import pytest
from cspec.lang import SpecError
from cspec.lang.claims import Comparison, Estimand, Iia, Reading
from cspec.lang.places import Family
from cspec.lang.program import ControlSettings

from .faults import BASE, CLAIM, DAS, DIGITS, PAIRS
from .programs import program_of

OTHER = '\nnetwork other = torch("other.safetensors")\n'


def comparison(claim: str, base: str = BASE) -> Comparison:
    return program_of(base.replace(CLAIM, claim) + OTHER).claims["represents"].parts[0]


def estimand(written: str) -> Estimand:
    return comparison(f"{written} >= 0.5").left.terms[0].estimand


LEFT_ONLY = ("left",)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("iia(das)", Iia("das", None, "mlp", False, None)),
        ("cause(das)", Iia("das", None, "mlp", False, None, "cause")),
        ("cause(das.left)", Iia("das", LEFT_ONLY, "mlp", False, None, "cause")),
        ("isolate(das.left)", Iia("das", LEFT_ONLY, "mlp", False, None, "isolate")),
        ("iia(das on other)", Iia("das", None, "other", False, None)),
        ("iia(das frozen on other)", Iia("das", None, "other", False, None, frozen=True)),
        ("iia(das.left -> same)", Iia("das", LEFT_ONLY, "mlp", False, None, reader="same")),
        ("iia(das via pca)", Iia("das", None, "mlp", False, None, via=(Family("pca"), ()))),
        ("iia(das via difference)", Iia("das", None, "mlp", False, None, via=(Family("difference"), (1,)))),
        (
            "cause(das.{right, left} via revnet(3, 4) size 2 on random(other))",
            Iia("das", ("left", "right"), "other", True, None, "cause", via=(Family("revnet", (3, 4)), (2,))),
        ),
        ("cae(das)", Reading("cae", "das", None, "mlp", False, None)),
        ("probe(das.left)", Reading("probe", "das", LEFT_ONLY, "mlp", False, None)),
        ("divergence(das)", Reading("divergence", "das", None, "mlp", False, None)),
        ("divergence(das.left on other)", Reading("divergence", "das", LEFT_ONLY, "other", False, None)),
        ("probe(das.left frozen on other)", Reading("probe", "das", LEFT_ONLY, "other", False, None, True)),
    ],
)
def test_estimands(written: str, meant: Estimand) -> None:
    assert estimand(written) == meant


def test_clauses_come_in_any_order() -> None:
    text = BASE + PAIRS % "size 9" + OTHER
    orders = ("frozen on other over main via pca size 2", "via pca size 2 over main frozen on other")
    first, second = (program_of(text.replace("iia(das)", f"iia(das {order})")).claims["represents"] for order in orders)
    assert first.parts == second.parts
    found = first.parts[0].left.terms[0].estimand
    assert found == Iia("das", None, "other", False, "main", frozen=True, via=(Family("pca"), (2,)))


def test_a_map_that_is_replaced_keeps_the_size_unless_it_states_one() -> None:
    (left, _) = program_of(BASE).alignments["das"].placements
    assert left.under(None) == left
    assert left.under((Family("pca"), ())).map_text == "via pca size 4"
    assert left.under((Family("identity"), (2,))).map_text == "via identity size 2"


def test_an_edge_needs_the_other_children() -> None:
    edge = "claim edge: iia(to.digit -> low) >= 0.5\n"
    aligned = BASE + DIGITS % "digit at hidden[1]\n  low at hidden[2]"
    with pytest.raises(SpecError, match="CS444"):
        program_of(aligned.replace("same = low == (digit > 2)", "high = digit > 2\n  same = low == high") + edge)
    last = aligned.replace("low at hidden[2]", "same at logits")
    found = program_of(last + edge).claims["edge"].parts[0].left.terms[0].estimand
    assert found == Iia("to", ("digit",), "mlp", False, None, reader="low")


@pytest.mark.parametrize(
    "written",
    [
        "iia(das frozen on other) >= 0.5 expect refuted",
        "probe(das.left) >= 0.9 expect unsupported",
        "probe(das.left) <= 0.6 expect refuted",
        "cae(das) <= 0.1 expect refuted",
        "divergence(das) >= 2 expect unsupported",
        "divergence(das) <= 1.5 expect refuted",
        "iia(das via identity size 2) >= 0.9 expect unsupported",
        "iia(das) - iia(das via pca) >= 0.1 expect unsupported",
        "divergence(das) - iia(das) <= 9 expect unsupported",
    ],
)
def test_expectations_that_can_come(written: str) -> None:
    assert comparison(written)


@pytest.mark.parametrize(
    "written",
    [
        "iia(das via identity) >= 0.9 expect unsupported",
        "iia(das frozen on other) >= 0.9 expect unsupported",
        "divergence(das via identity) - iia(das) <= 9 expect refuted",
        "cae(das) <= 0.1 expect unsupported",
    ],
)
def test_expectations_that_cannot_come(written: str) -> None:
    whole = BASE.replace(DAS, "  left at hidden[1] via rotation\n")
    with pytest.raises(SpecError, match="CS412"):
        comparison(written, whole)


@pytest.mark.parametrize("reason", ["budget", "off_distribution", "unstable", "out_of_range", "vacuous", "numeric"])
def test_reasons_that_can_be_expected(reason: str) -> None:
    claim = program_of(BASE.replace(CLAIM, f"{CLAIM} expect inconclusive({reason})")).claims["represents"]
    assert claim.expect_reason == reason


def test_settings_of_controls() -> None:
    text = BASE + "settings { seed: 3 controls { random: 7, share: 0.25 divergence: 1.5 } confidence: 0.9 }\n"
    settings = program_of(text).settings
    assert settings.controls == ControlSettings(7, 0.25, 1.5)
    assert (settings.seed, settings.confidence) == (3, 0.9)
    assert program_of(BASE).settings.controls == ControlSettings(5, 0.5, None)
    assert program_of(BASE + "settings { controls { share: 1 } }\n").settings.controls == ControlSettings(5, 1.0, None)
