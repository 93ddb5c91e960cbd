"""Circuits that are searched for: every score and the effect of what is found, against plain arithmetic, exactly."""

import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from cspec.cli.workflow import check
from cspec.compiler.pipeline import compile_spec
from cspec.compiler.plan import EncodeStep, EvaluateStep, ItemsStep, Plan, RankStep
from cspec.compiler.sampling.items import Items
from cspec.tests.command_line import run as run_command
from safetensors.numpy import load_file
from transformers import GPT2Config, GPT2LMHeadModel

from .tools import EQUALITY, WIRED, outputs_differ, weighted

SPEC = (
    EQUALITY
    + """
network wired = torch("wired.safetensors")
settings { controls { random: 1 } }
circuit late = top 3 of hidden[1..2][*] by change({it := 0} -> same)
"""
)
WEIGHTS = load_file(WIRED)
PLACES = [(1, dim) for dim in range(24)] + [(2, dim) for dim in range(2)]
Cells = tuple[tuple[int, int], ...]


def says(one: tuple[int, ...], off: Cells = ()) -> bool:
    """What the network answers to an input where some neurons, (layer, dim), are 0."""
    state = WEIGHTS["embed.weight"][list(one)].reshape(-1)
    for layer in (1, 2, 3):
        state = np.maximum(WEIGHTS[f"layers.{layer - 1}.weight"] @ state + WEIGHTS[f"layers.{layer - 1}.bias"], 0)
        state[[dim for at, dim in off if at == layer]] = 0
    return bool(np.argmax(WEIGHTS["head.weight"] @ state + WEIGHTS["head.bias"]))


def run(claims: str, folder: Path, command: str = "verify") -> tuple[int, dict[str, Any]]:
    (spec := folder / "e.cspec").write_text(SPEC + claims)
    shutil.copy(WIRED, folder)
    done = run_command(command, spec, "--json")
    return done.status, done.document


def verdict_of(claim: str, folder: Path) -> dict[str, Any]:
    (verdict,) = run(claim, folder)[1]["result"]["verdicts"]
    found: dict[str, Any] = verdict
    return found


def items_of(plan: Plan, key: str, count: int | None = None) -> Items:
    """The items of a step, by the key of their encoding; of `test` so many."""
    encode = plan.step(key)
    assert isinstance(encode, EncodeStep)
    items = plan.step(encode.items)
    assert isinstance(items, ItemsStep)
    assert items.split == ("select" if count is None else "test")
    return items.population.draw(items.split, count or items.count).items


def select_items(folder: Path) -> Items:
    """The items on which the one search of a spec scores."""
    plan = compile_spec(check(folder / "e.cspec"))
    step = next(step for step in plan.steps() if isinstance(step, RankStep))
    return items_of(plan, step.measure.items)


def test_every_site_is_scored_and_the_best_are_what_plain_arithmetic_finds(tmp_path: Path) -> None:
    verdict = verdict_of("claim c: change({late := 0} -> same) >= 0.1 exhaustively\n", tmp_path)
    (quantity,) = verdict["quantities"]
    bases = [tuple(row) for row in select_items(tmp_path).bases.tolist()]
    by_hand = [Fraction(sum(says(base, (at,)) != says(base) for base in bases), len(bases)) for at in PLACES]
    rows = quantity["search"]
    assert [row["place"] for row in rows] == [f"hidden[{layer}][{dim}]" for layer, dim in PLACES]
    assert [row["select"] for row in rows] == [float(score) for score in by_hand]
    best = sorted(range(len(PLACES)), key=lambda index: (-by_hand[index], index))[:3]
    assert len({by_hand[index] for index in best}) > 1
    assert [index for index, row in enumerate(rows) if row["chosen"]] == sorted(best)
    cells = tuple(PLACES[index] for index in best)
    score: Callable[..., int] = lambda base, _: says(base, cells) != says(base)  # noqa: E731
    assert Fraction(quantity["exact"]) == weighted(score, outputs_differ)
    assert (verdict["outcome"], quantity["learned"]) == ("holds", True)


def test_a_found_circuit_takes_values_cell_by_cell_and_is_held_like_a_stated_one(tmp_path: Path) -> None:
    circuits = "circuit two = top 2 of hidden[2][*] by change({it := 0} -> same)\ncircuit both = { hidden[2] }\n"
    texts = [
        "change(%s -> same)",
        "effect(%s -> correct)",
        "change(hidden[1] -> same given %s)",
        "change(w -> same through %s)",
        "effect({%s := 1 - %s} -> correct)",
        "effect({%s := mean(%s)} -> correct)",
    ]
    claims = [
        f"claim {name}{index}: {text.replace('%s', name)} <= 0.99 exhaustively\n"
        for index, text in enumerate(texts)
        for name in ("two", "both")
    ]
    verdicts = run(circuits + "".join(claims), tmp_path)[1]["result"]["verdicts"]
    exact = [verdict["quantities"][0]["exact"] for verdict in verdicts]
    assert exact[0::2] == exact[1::2]
    assert len(set(exact)) > 2


def test_of_equals_the_first_is_chosen(tmp_path: Path) -> None:
    circuit = "circuit none = top 2 of hidden[1][5, 3, 7] by change(it -> same given hidden[2])\n"
    (quantity,) = verdict_of(f"{circuit}claim c: change(none -> same) <= 0.9 exhaustively\n", tmp_path)["quantities"]
    assert [(row["place"], row["select"], row["chosen"]) for row in quantity["search"]] == [
        ("hidden[1][5]", 0.0, True),
        ("hidden[1][3]", 0.0, True),
        ("hidden[1][7]", 0.0, False),
    ]


def test_what_shares_units_with_what_is_held_has_no_score_and_is_never_chosen(tmp_path: Path) -> None:
    circuit = "circuit one = top %d of hidden[2][*] by change(it -> same given hidden[2][0])\n"
    claim = "claim c: change(one -> same) >= 0.1 exhaustively\n"
    (quantity,) = verdict_of(circuit % 1 + claim, tmp_path)["quantities"]
    assert [(row["select"] is None, row["chosen"]) for row in quantity["search"]] == [(True, False), (False, True)]
    status, found = run(circuit % 2 + claim, tmp_path)
    assert (status, found["diagnostics"][-1]["code"]) == (4, "CS509")


def test_what_is_found_where_another_thing_is_held_has_no_value(tmp_path: Path) -> None:
    circuit = "circuit one = top 1 of hidden[2][*] by change(it -> same)\n"
    found = [
        verdict_of(f"{circuit}claim c: change(one -> same given hidden[2][{dim}]) <= 0.9 exhaustively\n", tmp_path)
        for dim in (0, 1)
    ]
    assert sorted(verdict["reason"] == "overlap" for verdict in found) == [False, True]


BESIDE = """
network wired = torch("wired.safetensors")
settings { controls { random: 1 } }
pairs main for equality { size 1_000 }
align found: equalities -> wired over main { right at hidden[2] via difference size 1 }
circuit best = top 2 of hidden[1][*] by change({it := 1} -> same)
circuit same_cells = { hidden[1][12..13] }
circuit second = { hidden[1][12..23] }
"""


@pytest.mark.parametrize("engine", ["fused", "hooks", "pyvene"])
def test_beside_maps_and_rests_it_does_what_the_same_cells_do(engine: str, tmp_path: Path) -> None:
    """Each of the cells tells that the second pair differs, which the answer learns by way of `right` alone."""
    shutil.copy(WIRED, tmp_path)
    text = EQUALITY.replace("0..2", "0..63") + BESIDE
    by_maps = ("%s -> same given found.right", "%s -> found.right", "%s -> same through found.right")
    for number, claim in enumerate((*by_maps, "%s -> same given rest(second)")):
        for name in ("best", "same_cells"):
            text += f"claim c{number}_{name}: change({claim % f'{{{name} := 1}}'}) <= 0.9\n"
    (tmp_path / "e.cspec").write_text(text)
    document = run_command("verify", tmp_path / "e.cspec", "--json", "--engine", engine).document
    quantities = [verdict["quantities"][0] for verdict in document["result"]["verdicts"]]
    chosen = [row["place"] for row in quantities[0]["search"] if row["chosen"]]
    assert chosen == ["hidden[1][12]", "hidden[1][13]"]
    assert [q["families"] for q in quantities] == [*[["difference"]] * 6, [], []]
    for best, named in zip(quantities[::2], quantities[1::2], strict=True):
        assert (best["right"], best["n"]) == (named["right"], named["n"])
        assert best["map"] != named["map"]
    held, read, passed, direct = (quantity["right"] / quantity["n"] for quantity in quantities[::2])
    assert held == 0
    assert 0 < read == passed == direct < 0.5


@pytest.mark.parametrize(
    ("claim", "outcome"),
    [
        ("change({late := 0} -> same) >= 0.1", "holds"),  # the circuit found is the witness
        ("change({late := 0} -> same) >= 0.95", "unsupported"),  # none was found: refutes nothing
        ("change({late := 0} -> same) <= 0.1", "refuted"),  # the circuit found is the witness against
        ("effect({late := 0} -> correct) <= -0.99", "unsupported"),
    ],
)
def test_a_search_that_finds_no_circuit_refutes_nothing(claim: str, outcome: str, tmp_path: Path) -> None:
    assert verdict_of(f"claim c: {claim} exhaustively\n", tmp_path)["outcome"] == outcome


def test_a_search_is_stored_and_shared_by_circuits_of_any_size(tmp_path: Path) -> None:
    claim = "claim c: change({%s := 0} -> same) <= 0.99 exhaustively\n"
    assert run(claim % "late", tmp_path)[0] == 0
    fewer = "circuit fewer = top 1 of hidden[1..2][*] by change({it := 0} -> same)\n" + claim % "fewer"
    steps = run(fewer, tmp_path, "plan")[1]["plan"]["steps"]
    ranked = [step for step in steps if step["kind"] == "Rank"]
    assert [(step["stored"], sum(step["passes"].values())) for step in ranked] == [(True, 0)]
    (quantity,) = verdict_of(fewer, tmp_path)["quantities"]
    assert [row["place"] for row in quantity["search"] if row["chosen"]] == ["hidden[2][1]"]


def test_a_lock_holds_what_is_searched(tmp_path: Path) -> None:
    claim = "claim c: change({some := 0} -> same) <= 0.99 exhaustively\n"
    texts = [
        f"circuit some = top {count} of {region} by {score}\n{claim}"
        for count, region, score in (
            (1, "hidden[1..2][*]", "change({it := 0} -> same)"),
            (2, "hidden[1..2][*]", "change({it := 0} -> same)"),
            (1, "hidden[1][*]", "change({it := 0} -> same)"),
            (1, "hidden[1..2][*]", "change({it := 1} -> same)"),
        )
    ]
    assert run(texts[0], tmp_path, "lock")[0] == 0
    for text in texts:
        (tmp_path / "e.cspec").write_text(SPEC + text)
        status = run_command("verify", tmp_path / "e.cspec", "--locked").status
        assert (status == 0) == (text == texts[0])


TOY = """
task toy {
  input  a, b, c: 0..21
  output s: 0..21
  tokens [a, b, c]
  answer s @ last: index
}
model mean for toy { s = (a + b + c) // 3 }
network lm = transformers("lm")
pairs main for toy { size 1_500 uniform }
circuit heads = top 3 of head_out[*, *] @ last by change({it := 0} -> s on lm)
claim c: change({heads := 0} -> s on lm) <= 0.99
settings { controls { random: 1 } }
"""
HEADS = [(layer, head) for layer in range(2) for head in range(4)]


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, GPT2LMHeadModel]:
    folder = tmp_path_factory.mktemp("toy")
    config = GPT2Config(vocab_size=23, n_embd=16, n_layer=2, n_head=4, n_positions=8, bos_token_id=0, eos_token_id=0)
    model, generator = GPT2LMHeadModel(config), torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(torch.randn(weight.shape, generator=generator) * 0.3)
    model.save_pretrained(folder / "lm")
    (folder / "e.cspec").write_text(TOY)
    return folder, model.eval()


def answers(model: GPT2LMHeadModel, tokens: torch.Tensor, off: list[tuple[int, int]]) -> torch.Tensor:
    """What a transformer says, with some heads, (layer, head), at 0 where it answers: plain hooks."""

    def mute(layer: int) -> Any:
        def hook(_module: Any, inputs: tuple[torch.Tensor]) -> tuple[torch.Tensor]:
            changed = inputs[0].clone()
            for head in (head for at, head in off if at == layer):
                changed[:, -1, 4 * head : 4 * head + 4] = 0
            return (changed,)

        return hook

    hooks = [block.attn.c_proj.register_forward_pre_hook(mute(i)) for i, block in enumerate(model.transformer.h)]
    with torch.no_grad():
        said = model(tokens).logits[:, -1].argmax(1)
    for one in hooks:
        one.remove()
    return said


def test_heads_of_a_transformer_are_found_as_plain_hooks_find_them(toy: tuple[Path, GPT2LMHeadModel]) -> None:
    folder, model = toy
    done = run_command("verify", folder / "e.cspec", "--json")
    (verdict,) = done.document["result"]["verdicts"]
    (quantity,) = verdict["quantities"]
    tokens = torch.from_numpy(select_items(folder).bases)
    plain = answers(model, tokens, [])
    shares = [float((answers(model, tokens, [at]) != plain).double().mean()) for at in HEADS]
    assert [row["select"] for row in quantity["search"]] == shares
    best = sorted(range(len(HEADS)), key=lambda index: (-shares[index], index))[:3]
    assert [index for index, row in enumerate(quantity["search"]) if row["chosen"]] == sorted(best)
    steps = compile_spec(check(folder / "e.cspec")).steps()
    (evaluate,) = (step for step in steps if isinstance(step, EvaluateStep) and step.text == quantity["text"])
    tokens = torch.from_numpy(items_of(compile_spec(check(folder / "e.cspec")), evaluate.items, quantity["n"]).bases)
    found = answers(model, tokens, [HEADS[index] for index in best]) != answers(model, tokens, [])
    assert quantity["right"] == int(found.sum())
