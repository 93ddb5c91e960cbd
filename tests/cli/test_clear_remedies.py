"""What a message proposes works: rare values drawn uniformly, a confidence below the file's, what no search scores."""

import json
from pathlib import Path

import pytest

from .tools import DECIDED, DIFFERENCES, run, sampled, small

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
