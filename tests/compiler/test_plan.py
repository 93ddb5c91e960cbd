"""Plans: acyclic, in an order in which they run, with equal steps shared and nothing but content in their keys."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import cspec
import networkx as nx
import numpy as np
import pytest
from cspec.compiler.keys import content_key, derived_seed
from cspec.compiler.plan import DecideStep, EvaluateStep, FitStep, Plan
from cspec.tests.equality import EQUALITY
from safetensors.numpy import save_file

TEXT = (
    EQUALITY % 63
    + """
network net = torch("net.safetensors")
pairs main for equality { size 2000 }
align das: both_equalities -> net {
  left, right at hidden[1] via rotation size 2
  fit { steps: 30, batch: 64, seeds: 1 }
}
align given: both_equalities -> net {
  left  at hidden[1][0..3] via identity
  right at hidden[1][4..7] via identity
}
claim solves: accuracy(net) >= 0.9
claim learned: iia(das) >= 0.9
claim more: iia(das) >= 0.95
claim left: iia(das.left) >= 0.9
claim given: iia(given) >= 0.9
"""
)


def compiled(folder: Path, text: str = TEXT, seed: int = 0, name: str = "net.safetensors") -> Plan:
    """The plan of a spec beside a network of arbitrary weights."""
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(seed)
    shapes = {
        "embed.weight": (64, 2),
        "layers.0.weight": (8, 8),
        "layers.0.bias": (8,),
        "head.weight": (2, 8),
        "head.bias": (2,),
    }
    config = {"architecture": "mlp", "vocab": 64, "inputs": 4, "embed": 2, "hidden": [8], "classes": 2}
    tensors = {key: rng.standard_normal(shape).astype(np.float32) for key, shape in shapes.items()}
    save_file(tensors, folder / name, metadata={"cspec.config": json.dumps(config)})
    (folder / "spec.cspec").write_text(text, encoding="utf-8")
    return cspec.compile(folder / "spec.cspec")


def keys(plan: Plan, *kinds: str) -> set[str]:
    return {step.key for step in plan.steps() if not kinds or step.kind in kinds}


def test_steps_come_after_those_that_they_need(tmp_path: Path) -> None:
    plan = compiled(tmp_path)
    assert nx.is_directed_acyclic_graph(plan.graph)
    order = [step.key for step in plan.steps()]
    assert len(order) == len(set(order)) == len(plan.graph)
    for index, key in enumerate(order):
        assert set(plan.needs(key)) <= set(order[:index])
        assert plan.step(key).key == key
    assert [plan.step(key).claim.name for key in plan.claims] == ["solves", "learned", "more", "left", "given"]
    flow = ["Items", "Encode", "Capture", "Fit", "Evaluate", "Decide"]
    for need, key in plan.graph.edges:
        assert flow.index(plan.step(need).kind) <= flow.index(plan.step(key).kind)


def test_every_step_is_asked_for_by_a_claim(tmp_path: Path) -> None:
    plan = compiled(tmp_path)
    asked = set(plan.claims).union(*(nx.ancestors(plan.graph, key) for key in plan.claims))
    assert asked == set(plan.graph)


def test_claims_of_one_estimand_share_its_evaluation_and_its_fit(tmp_path: Path) -> None:
    plan = compiled(tmp_path)
    learned, more, left = (plan.step(key).quantities[0].evaluate for key in plan.claims[1:4])
    assert learned == more != left
    one, other = plan.step(learned), plan.step(left)
    assert isinstance(one, EvaluateStep)
    assert isinstance(other, EvaluateStep)
    assert one.candidates[0].fit == other.candidates[0].fit is not None


def test_alignments_of_one_model_share_their_items(tmp_path: Path) -> None:
    plan = compiled(tmp_path)
    learned, given = (plan.step(plan.step(plan.claims[i]).quantities[0].evaluate) for i in (1, 4))
    assert learned.items == given.items


def test_a_map_is_fitted_on_fit_and_chosen_on_select_and_measured_on_test(tmp_path: Path) -> None:
    plan = compiled(tmp_path)
    evaluate = plan.step(plan.step(plan.claims[1]).quantities[0].evaluate)
    fit = plan.step(evaluate.candidates[0].fit)
    assert isinstance(fit, FitStep)
    splits = [plan.step(plan.step(key).items) for key in (fit.fit, fit.select, evaluate.items)]
    assert [(items.split, items.count) for items in splits] == [("fit", 1200), ("select", 400), ("test", 400)]


def _comments(text: str) -> str:
    return '"""Documentation."""\n# a comment\n' + text.replace("\n", "   # more\n", 3)


def _layout(text: str) -> str:
    return re.sub(r"\n +", "\n\t", text).replace(" >= ", "  >=\n  ")


def _names(text: str) -> str:
    for name in ("claim solves", "claim learned", "claim more", "claim left", "claim given", "pairs main"):
        text = text.replace(name, f"{name}_by_another_name")
    return text


def _places(text: str) -> str:
    """Networks, alignments, models and tasks under other names."""
    text = re.sub(r"\bnet\b(?!\.)", "mlp", text)
    text = re.sub(r"\bdas\b", "search", text)
    text = re.sub(r"\bboth_equalities\b", "hierarchy", text)
    return re.sub(r"\bequality\b", "equal", text)


def _rival(text: str) -> str:
    rival = "model rival for equality { first = w\n same = (first == x) == (y == z) }\n"
    return text.replace("network net", rival + "network net")


@pytest.mark.parametrize("change", [_comments, _layout, _names, _places, _rival])
def test_keys_hold_no_names_and_no_comments(tmp_path: Path, change: Callable[[str], str]) -> None:
    changed = change(TEXT)
    assert changed != TEXT
    kinds = ("Items", "Encode", "Fit", "Evaluate")
    assert keys(compiled(tmp_path / "a"), *kinds) == keys(compiled(tmp_path / "b", changed), *kinds)


@pytest.mark.parametrize("change", [_comments, _layout, _names])
def test_the_plans_key_holds_none_either(tmp_path: Path, change: Callable[[str], str]) -> None:
    one, other = compiled(tmp_path / "a"), compiled(tmp_path / "b", change(TEXT))
    assert one.key == other.key
    assert keys(one) == keys(other)


def test_keys_hold_no_paths(tmp_path: Path) -> None:
    moved = TEXT.replace("net.safetensors", "weights.safetensors")
    one, other = compiled(tmp_path / "a"), compiled(tmp_path / "b", moved, name="weights.safetensors")
    assert keys(one) == keys(other)


@pytest.mark.parametrize(
    ("old", "new", "kept"),
    [
        (">= 0.95", ">= 0.96", {"Items", "Encode", "Fit", "Evaluate"}),
        ("steps: 30", "steps: 31", {"Items", "Encode"}),
        ("rotation size 2", "rotation size 3", {"Items", "Encode"}),
        ("hidden[1] via", "hidden[0] via", {"Items", "Encode"}),
        ("0..3] via", "0..2] via", {"Items", "Encode", "Fit"}),
    ],
)
def test_a_change_moves_the_keys_behind_it_and_no_others(tmp_path: Path, old: str, new: str, kept: set[str]) -> None:
    assert TEXT.count(old) == 1
    one, other = compiled(tmp_path / "a"), compiled(tmp_path / "b", TEXT.replace(old, new))
    assert one.key != other.key
    same = keys(one) & keys(other)
    for kind in ("Items", "Encode", "Fit", "Evaluate"):
        assert (keys(one, kind) <= same) == (kind in kept), kind


def test_more_items_continue_what_does_not_depend_on_their_number(tmp_path: Path) -> None:
    """What is scored item by item has one key for every `size`; a map that is fitted on more items is another one."""
    one, other = compiled(tmp_path / "a"), compiled(tmp_path / "b", TEXT.replace("size 2000", "size 3000"))
    for index, continued in ((0, True), (1, False), (4, True)):
        steps = [plan.step(plan.claims[index]) for plan in (one, other)]
        assert all(isinstance(step, DecideStep) for step in steps)
        (before,), (after,) = (step.quantities for step in steps)
        assert (before.evaluate == after.evaluate) == continued
        assert (steps[0].look == steps[1].look) == continued
        assert steps[0].chunks == steps[1].chunks
        assert steps[0].key != steps[1].key
        assert (before.budget, after.budget) == (400, 600)


def test_the_settings_of_controls_are_the_plans(tmp_path: Path) -> None:
    text = TEXT + "settings { controls { random: 3, share: 0.25, divergence: 2 } }\n"
    one, other = compiled(tmp_path / "a"), compiled(tmp_path / "b", text)
    for plan, draws, share, limit in ((one, 5, 0.5, None), (other, 3, 0.25, 2.0)):
        claim = plan.step(plan.claims[1])
        assert isinstance(claim, DecideStep)
        assert (claim.share, claim.divergence_limit) == (share, limit)
        (networks,) = (veto for veto in claim.quantities[0].vetoes if veto.name == "random networks")
        assert networks.evaluate is not None
        evaluate = plan.step(networks.evaluate)
        assert isinstance(evaluate, EvaluateStep)
        assert len(evaluate.candidates) == draws
    assert not {one.claims[i] for i in range(5)} & set(other.claims)


def test_other_weights_draw_the_same_items(tmp_path: Path) -> None:
    one, other = compiled(tmp_path / "a"), compiled(tmp_path / "b", seed=1)
    assert keys(one, "Items", "Encode") == keys(other, "Items", "Encode")
    assert not keys(one, "Fit", "Evaluate", "Decide") & keys(other)


def test_another_seed_changes_every_step(tmp_path: Path) -> None:
    one, other = compiled(tmp_path / "a"), compiled(tmp_path / "b", TEXT + "settings { seed: 1 }\n")
    assert not keys(one) & keys(other)


def test_content_keys_tell_contents_apart() -> None:
    base = content_key("fit", 1, a=1, b=(1, 2))
    assert base == content_key("fit", 1, b=[1, 2], a=1)
    others = [
        content_key("fit", 2, a=1, b=(1, 2)),
        content_key("evaluate", 1, a=1, b=(1, 2)),
        content_key("fit", 1, a=1, b=(2, 1)),
        content_key("fit", 1, a="1", b=(1, 2)),
        content_key("fit", 1, a=1, b=((1,), 2)),
        content_key("fit", 1, a=None, b=(1, 2)),
    ]
    assert len({base, *others}) == 7
    for stranger in (object(), Path("x"), {1, 2}, np.int64(1)):
        with pytest.raises(TypeError, match="content key"):
            content_key("fit", 1, a=stranger)
    with pytest.raises(ValueError, match="JSON"):
        content_key("fit", 1, a=float("nan"))


def test_derived_seeds_tell_roles_and_keys_apart() -> None:
    seeds = {derived_seed(s, role, key) for s in (0, 1) for role in ("fit", "network") for key in ("a", "b")}
    assert len(seeds) == 8
    assert all(0 <= seed < 2**63 for seed in seeds)
