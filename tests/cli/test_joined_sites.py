"""Vectors of several sites from the command line, on networks wired by hand and on a small transformer."""

from fractions import Fraction
from itertools import product
from pathlib import Path

import pytest

from .test_transformers import counts, gpt2, write  # noqa: F401 (a fixture)
from .tools import PAIRS, run, sampled, small

BOTH = """
align both: both_equalities -> net {
  left  at [hidden[1][0..3], hidden[2][0]]
  right at [hidden[1][4..7], hidden[2][1]]
}
claim right: iia(both) == 1 exhaustively
"""
LEARNED = """
align das: both_equalities -> net {
  left, right at [hidden[1], hidden[2]] via rotation size 1
  fit { steps: 150, batch: 64, rate: 0.1, seeds: 2 }
}
claim learned: iia(das) >= 0.9
settings { controls { random: 1 } }
"""


@pytest.mark.parametrize("engine", ["fused", "hooks"])
def test_a_variable_that_two_layers_hold_is_set_at_both(tmp_path: Path, engine: str) -> None:
    """Layer 2 reads layer 1: set at both, each equality is what its source has, and the other is left alone."""
    done = run("verify", small(tmp_path, BOTH), "--json", "--engine", engine, "--store", tmp_path / "store")
    (verdict,) = done.document["result"]["verdicts"]
    assert verdict["outcome"] == "holds"
    # Layer 2 is set last: where it takes the other equality's neuron, both ways of saying one are set.
    crossed = BOTH.replace("hidden[2][0]", "hidden[2][2]").replace("hidden[2][1]", "hidden[2][0]")
    spec = small(tmp_path / "crossed", crossed.replace("hidden[2][2]", "hidden[2][1]"))
    done = run("verify", spec, "--json", "--engine", engine, "--store", tmp_path / "store")
    (verdict,) = done.document["result"]["verdicts"]
    assert verdict["quantities"][0]["exact"] == str(crossed_by_hand())


def crossed_by_hand() -> Fraction:
    """The exact value where `left` sets left and the other neuron, `right` right and the other neuron: enumerated.

    An equality holds on 1 of 4 inputs; inputs count by the equalities that they have, (left, right).
    """
    kinds = [((left, right), (3 - 2 * left) * (3 - 2 * right)) for left, right in product((0, 1), repeat=2)]
    shares = []
    for chosen in ({"left"}, {"right"}, {"left", "right"}):
        halves: dict[bool, list[int]] = {}
        sources = [kinds if name in chosen else [((0, 0), 1)] for name in ("left", "right")]
        for ((left, right), n), (one, m), (two, k) in product(kinds, *sources):
            model = (one[0] if "left" in chosen else left) == (two[1] if "right" in chosen else right)
            neurons = [left, right]
            if "left" in chosen:
                neurons[0] = one[0]
            if "right" in chosen:
                neurons[1] = two[1]
            if "left" in chosen:
                neurons[1] = one[1]
            if "right" in chosen:
                neurons[0] = two[0]
            right_one = (neurons[0] == neurons[1]) == model
            half = halves.setdefault(model != (left == right), [0, 0])
            half[0] += right_one * n * m * k
            half[1] += n * m * k
        shares += [[Fraction(*half) for half in halves.values()]]
    return sum((sum(share, Fraction()) / len(share) for share in shares), Fraction()) / 3


def test_engines_fit_the_same_map_of_two_layers(tmp_path: Path) -> None:
    spec, found = sampled(tmp_path, LEARNED), []
    for engine in ("fused", "hooks"):
        done = run("verify", spec, "--json", "--engine", engine, "--store", tmp_path / engine)
        (verdict,) = done.document["result"]["verdicts"]
        assert verdict["outcome"] == "holds", done.err
        found.append([[cell["right"], cell["n"]] for cell in verdict["quantities"][0]["cells"]])
    assert found[0] == found[1]
    refused = run("verify", spec, "--engine", "pyvene")
    assert refused.status != 0
    assert "are several" in refused.err


def test_a_variable_between_the_parts_of_a_learned_vector_is_refused(tmp_path: Path) -> None:
    body = PAIRS + BOTH.replace("right at [hidden[1][4..7], hidden[2][1]]", "right at hidden[2][1]").replace(
        "hidden[2][0]]", "logits[0]] via rotation size 2"
    ).replace("exhaustively", "+- 0.1").replace("-> net", "-> net over main")
    refused = run("verify", small(tmp_path, body))
    assert refused.status == 2
    assert "error[CS519]: the vector of several layers of `left`, between which `right` may lie," in refused.err


def test_an_effect_through_a_vector_of_several_layers(tmp_path: Path) -> None:
    """The later part is what the network reads: set alone, it has the same effect. Beside something it is refused."""
    body = "align both: both_equalities -> net { left at SITE }\nclaim moved: change(both.left -> same on net) <= 0.9\n"
    found = []
    for site in ("[hidden[1][0..11], hidden[2][0]]", "hidden[2][0]"):
        done = run("verify", sampled(tmp_path, body.replace("SITE", site)), "--json")
        (verdict,) = done.document["result"]["verdicts"]
        found.append(verdict["quantities"][0]["estimate"])
    assert found[0] == found[1] > 0
    beside = body.replace("SITE", "[hidden[1][0..11], hidden[2][0]]").replace("same on", "same given hidden[2][1] on")
    assert (
        "a vector of several layers that is set beside something else" in run("verify", sampled(tmp_path, beside)).err
    )


@pytest.mark.parametrize(
    ("site", "code"),
    [
        ("[hidden[1][0..3], hidden[1][3, 5]]", "CS306"),
        ("[hidden[1], hidden[2]] via rotation size 11", "CS322"),
        ("[hidden[1][0], hidden[2][2]]", "CS321"),
    ],
)
def test_faults_of_vectors(tmp_path: Path, site: str, code: str) -> None:
    """The network has 8 dims in layer 1 and 2 in layer 2."""
    body = f"align a: both_equalities -> net over main {{ left at {site} }}\nclaim c: iia(a) >= 0.5\n"
    refused = run("check", small(tmp_path, PAIRS + body))
    assert refused.status == 2
    assert f"error[{code}]" in refused.err


def test_two_variables_share_the_room_of_one_vector(tmp_path: Path) -> None:
    body = (
        "align a: both_equalities -> net over main { left, right at [hidden[1], hidden[2]] via rotation size SIZE }\n"
    )
    spec = small(tmp_path, PAIRS + body.replace("SIZE", "6") + "claim c: iia(a) >= 0.5\n")
    refused = run("check", spec)
    assert "error[CS322]: `right` needs 6 dims after 6 for `left`" in refused.err
    spec.write_text(spec.read_text().replace("size 6", "size 5"))
    assert "CS322" not in run("check", spec).err


@pytest.mark.parametrize("map", ["identity", "pca size 2"])
def test_sites_of_a_transformer_are_one_vector(gpt2: Path, map: str) -> None:  # noqa: F811
    write(gpt2, "[attn_out[0] @ {x}, mlp_out[1][0..7] @ [{y}, last], v[2, 1] @ {x}]", map)
    found = [counts(gpt2, "--engine", engine) for engine in ("fused", "hooks")]
    assert found[0] == found[1]
    modules = [f'module("transformer.h.{layer}.{path}")[0..15] @ {{x}}' for layer, path in ((0, "attn"), (1, "mlp"))]
    write(gpt2, f"[{', '.join(modules)}]", map)
    by_module = counts(gpt2)
    write(gpt2, "[attn_out[0] @ {x}, mlp_out[1] @ {x}]", map)
    assert counts(gpt2) == by_module
