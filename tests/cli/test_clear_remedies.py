"""What a message proposes works: rare values drawn uniformly, a confidence below the file's, what no search scores."""

import itertools
import json
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest

from .tools import DECIDED, DIFFERENCES, HEAD, run, sampled, small

DECIDED_OVER_RARE = DECIDED.replace("-> net", "-> net over rare")
RARE = "balanced w == 3 and x == 3 and y == 3"


@pytest.mark.parametrize(
    ("claim", "remedy"),
    [
        ("accuracy(net over rare)", "with `uniform` in place of `balanced`"),
        ("iia(decided over rare)", "with `uniform` in place of `balanced`"),
    ],
)
def test_rare_values_are_drawn_uniformly_instead(tmp_path: Path, claim: str, remedy: str) -> None:
    """64 of 64^4 inputs are rare, about 13 of them in `test`: each is used once."""
    body = f"{DECIDED_OVER_RARE}pairs rare for equality {{ size 2000 {RARE} }}\nclaim c: {claim} >= 0.9\n"
    refused = run("check", sampled(tmp_path, body))
    assert refused.status == 2
    said = " ".join(refused.err.split())
    assert "error[CS430]" in said
    assert remedy in said
    assert "400 items can be drawn" in said
    mended = run("check", sampled(tmp_path, body.replace(RARE, "uniform")))
    assert mended.status == 0
    assert "CS43" not in mended.err


def test_what_is_too_small_for_uniform_is_not_told_so(tmp_path: Path) -> None:
    """Of 256 inputs about 51 are in `test`: no law makes them 200."""
    refused = run("check", small(tmp_path, DIFFERENCES + "claim c: iia(differences) >= 0.9\n"))
    said = " ".join(refused.err.split())
    assert "error[CS430]" in said
    assert "uniform" not in said
    assert "decide the claim `exhaustively`" in said


def test_a_claim_cannot_have_less_confidence_than_the_file(tmp_path: Path) -> None:
    claims = "claim a: accuracy(net) >= 0.9 at confidence {}\nclaim b: accuracy(net) >= 0.8\n"
    refused = run("verify", sampled(tmp_path, claims.format("0.94")))
    assert refused.status == 2
    said = " ".join(refused.err.split())
    assert "error[CS449]: expected at least the file's confidence, 0.95, found 0.94" in said
    assert "settings { confidence: 0.94 }" in said

    def alphas(spec: Path) -> list[float]:
        verdicts = json.loads(run("verify", spec, "--json").out)["result"]["verdicts"]
        return [verdict["alpha"] for verdict in verdicts]

    assert alphas(sampled(tmp_path, claims.format("0.95"))) == pytest.approx([0.025, 0.025])
    assert alphas(sampled(tmp_path, claims.format("0.999"))) == pytest.approx([0.001, 0.025])
    lower = claims.format("0.94") + "settings { confidence: 0.94 }\n"  # what the message proposes
    assert alphas(sampled(tmp_path, lower)) == pytest.approx([0.03, 0.03])


def test_a_circuit_searched_for_by_an_effect_on_a_variable_is_refused(tmp_path: Path) -> None:
    body = (
        DECIDED
        + "circuit best = top 2 of hidden[1][*] by change({it := 0} -> decided.left)\n"
        + "claim c: change({best := 0} -> same) >= 0.1\n"
    )
    refused = run("verify", sampled(tmp_path, body))
    assert refused.status == 2
    said = " ".join(refused.err.split())
    assert "error[CS480]" in said
    assert "searched for by an effect on the variable `decided.left`" in said


def test_values_are_set_by_their_names(tmp_path: Path) -> None:
    """Of w := p the right answers that are left are counted in plain Python; a truth value is its number."""
    numbers = DIFFERENCES + "claim c: effect({w := 1} -> correct) <= 0 exhaustively\n"
    named = HEAD.replace("0..%s", "{p, q, r, s}") + DIFFERENCES
    named += "claim c: effect({w := q} -> correct) <= 0 exhaustively\n"
    truths = "claim {}: effect({{differences.left := {}}} -> correct) <= 0 exhaustively\n"
    named += truths.format("by_name", "true") + truths.format("by_number", "1")
    spec = small(tmp_path, numbers)

    def estimates() -> list[str]:
        verdicts = json.loads(run("verify", spec, "--json").out)["result"]["verdicts"]
        return [verdict["parts"][0]["exact"] for verdict in verdicts]

    same, left = (lambda w, x, y, z: (w == x) == (y == z)), Counter[tuple[bool, bool]]()
    for base, source in itertools.product(itertools.product(range(4), repeat=4), repeat=2):
        left[same(*base) == same(*source), same(1, *base[1:]) == same(*base)] += 1
    kept = [Fraction(left[half, True], left[half, True] + left[half, False]) for half in (True, False)]
    expected = str(sum(kept) / 2 - 1)  # in half of the items the source's right output differs from the base's
    assert estimates() == [expected]
    spec.write_text(named, encoding="utf-8")
    by_symbol, by_name, by_number = estimates()
    assert by_symbol == expected
    assert by_name == by_number
    assert "w := q" in run("verify", spec).out


def test_what_is_always_sampled_is_not_told_to_be_counted(tmp_path: Path) -> None:
    refused = run("check", small(tmp_path, DIFFERENCES + "claim c: probe(differences.left) >= 0.9\n"))
    assert "error[CS430]" in refused.err
    assert "exhaustively" not in refused.err


def test_a_search_over_a_small_domain_is_shown_to_find_what_is_there(tmp_path: Path) -> None:
    """Of 64 inputs a dozen are in `test`, too few to show anything: the output is sought on the claim's own items."""
    run("init", tmp_path)
    spec = tmp_path / "starter.cspec"
    spec.write_text(
        spec.read_text(encoding="utf-8")
        + "align found: comparing -> net { first at hidden[1] via rotation size 1  fit { steps: 200 seeds: 2 } }\n"
        + "claim absent: iia(found) <= 0.9 exhaustively\n",
        encoding="utf-8",
    )
    verdicts = json.loads(run("verify", spec, "--json").out)["result"]["verdicts"]
    absent = next(verdict for verdict in verdicts if verdict["name"] == "absent")
    assert (absent["outcome"], absent["grade"]) == ("holds", "search")
    (control,) = [control for control in absent["controls"] if control["name"] == "last site"]
    assert (control["method"], control["met"]) == ("exact", True)
