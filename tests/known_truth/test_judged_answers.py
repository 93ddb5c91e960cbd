"""Answers that a network generates and a table scores: asked for, filled in and gone on with, against plain torch."""

import csv
import itertools
import json
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from cspec.runtime.engines import term_engine
from cspec.tests.command_line import run as run_command
from torch import Tensor

from .test_metrics import COST_AT, NETWORK, network, prompt, stream, tokenizer
from .tools import Verified, verify

LIMIT = 3
SPEC = """
task pricing {
  input  lo, hi: 20..22
  input  cost: 19..23
  require lo < hi
  prompt "say yes only if it costs between {lo} and {hi} dollars . it costs {cost} dollars ."
  answer text(3)
  metric score: 0..9 = judge[answer]
  metric tone: 0..9 = 9 - judge[answer]
}
table judge = csv("judge.csv", key: reply, value: points)
network lm = transformers("network")
"""
MEAN = "claim c: mean(score on lm) >= 0.01 exhaustively\n"
EFFECT = "claim c: effect(resid_post[0] @ {cost} -> score on lm) >= -8 exhaustively\n"
GRAPH = """graph judged on lm%s {
  node price: resid_post[0] @ {cost} -> score
  node head:  head_out[1, 0] @ last -> score
}
"""
Input = tuple[int, int, int]
INPUTS: list[Input] = [(lo, hi, cost) for lo, hi in itertools.combinations(range(20, 23), 2) for cost in range(19, 24)]


@cache
def ends() -> int:
    """The token after which half of the answers end: what a base says second."""
    return greedy_tokens((20, 22, 21), None, None)[1]


@cache
def greedy_tokens(one: Input, source: Input | None, end: int | None) -> tuple[int, ...]:
    taken = None if source is None else stream(source)
    at, said = len(prompt(one)) + COST_AT, list[int]()

    def edit(_: object, __: object, output: Any) -> Any:
        state: Tensor = output[0] if isinstance(output, tuple) else output
        changed = state.clone()
        if taken is not None:
            changed[0, at] = taken
        return (changed, *output[1:]) if isinstance(output, tuple) else changed

    handle = network().transformer.h[0].register_forward_hook(edit)
    try:
        for _ in range(LIMIT):
            with torch.no_grad():
                token = int(network()(torch.tensor([[*prompt(one), *said]])).logits[0, -1].argmax())
            if token == end:
                break
            said.append(token)
    finally:
        handle.remove()
    return tuple(said)


def reply(one: Input, source: Input | None = None, end: int | None = None) -> str:
    return str(tokenizer().decode(list(greedy_tokens(one, source, end)), skip_special_tokens=False))


def points(text: str) -> float:
    return (7 * sum(map(ord, text)) % 91) / 10


def write_spec(folder: Path, claims: str, end: int | None = None) -> Path:
    shutil.copytree(NETWORK, folder / "network")
    if end is not None:
        (folder / "network" / "generation_config.json").write_text(json.dumps({"eos_token_id": [end]}))
    (folder / "judge.csv").write_text("note,reply,points\nfirst, never said,4\n")
    (spec := folder / "spec.cspec").write_text(SPEC + claims)
    return spec


def judge(folder: Path) -> list[str]:
    """Score the rows that are asked for, and append them as they stand."""
    with (folder / "store" / "judge.missing.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["note", "reply", "points"]
    with (folder / "judge.csv").open("a", newline="") as file:
        csv.writer(file).writerows([["", text, str(points(text))] for _, text, _ in rows])
    return [text for _, text, _ in rows]


def run(folder: Path, *options: str) -> Verified:
    return verify(folder / "spec.cspec", folder / "store", *options)


@pytest.mark.parametrize("engine", ["fused", "hooks"])
@pytest.mark.parametrize("ending", [False, True])
def test_a_mean_awaits_scores_and_goes_on_with_them(tmp_path: Path, engine: str, ending: bool) -> None:
    end = ends() if ending else None
    write_spec(tmp_path, MEAN, end)
    first = run(tmp_path, "--engine", engine)
    assert (first.said("c"), first.status) == ("inconclusive(awaiting_scores)", 3)
    asked = judge(tmp_path)
    assert set(asked) == {reply(one, None, end) for one in INPUTS}
    assert len(asked) == len(set(asked))
    second = run(tmp_path, "--engine", engine)
    expected = sum(points(reply(one, None, end)) for one in INPUTS) / len(INPUTS)
    assert second.said("c") == "holds"
    assert second.quantity("c")["estimate"] == pytest.approx(expected, abs=1e-9)
    assert second.quantity("c")["network_accuracy"] is None
    assert not (tmp_path / "store" / "judge.missing.csv").exists()


@pytest.mark.parametrize("engine", ["fused", "hooks"])
def test_an_effect_on_judged_answers_is_that_of_plain_hooks(tmp_path: Path, engine: str) -> None:
    write_spec(tmp_path, EFFECT)
    assert run(tmp_path, "--engine", engine).said("c") == "inconclusive(awaiting_scores)"
    judge(tmp_path)
    found = run(tmp_path, "--engine", engine).quantity("c")["estimate"]
    pairs = list(itertools.product(INPUTS, repeat=2))
    gains = [points(reply(b, s)) - points(reply(b)) for b, s in pairs]
    assert found == pytest.approx(sum(gains) / len(gains), abs=1e-9)
    assert any(gains)


def test_nothing_is_generated_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another claim, another metric and another name of the judge's table read what is there."""
    write_spec(tmp_path, MEAN)
    run(tmp_path)
    judge(tmp_path)

    def refuse(*_: object) -> None:
        raise AssertionError("generated again")

    monkeypatch.setattr(term_engine, "generate", refuse)
    spec = tmp_path / "spec.cspec"
    spec.write_text(
        spec.read_text().replace("judge", "jury").replace("jury.csv", "judge.csv")
        + MEAN.replace("c:", "d:").replace("score", "tone")
    )
    done = run(tmp_path)
    assert done.quantity("c")["estimate"] + done.quantity("d")["estimate"] == pytest.approx(9)
    assert len(list((tmp_path / "store" / "replies").iterdir())) == 1


def test_a_sample_asks_for_what_its_next_look_needs(tmp_path: Path) -> None:
    """A judge who answers in rounds looks at nothing before: the claim is decided as if all scores had been there."""
    spec = write_spec(tmp_path, "claim c: mean(score on lm) >= 6.5\npairs few for pricing { size 3000 }\n")
    spec.write_text(spec.read_text().replace("lo, hi: 20..22", "lo, hi: 0..99"))
    (tmp_path / "again").mkdir()
    rounds = 0
    while (done := run(tmp_path)).said("c") == "inconclusive(awaiting_scores)":
        assert judge(tmp_path)
        rounds += 1
    assert rounds >= 1
    assert done.verdicts["c"]["grade"] == "statistical"
    at_once = verify(spec, tmp_path / "again")
    assert at_once.verdicts["c"]["parts"] == done.verdicts["c"]["parts"]


@pytest.mark.parametrize("whole", [True, False])
def test_a_graph_asks_for_all_scores_at_once(tmp_path: Path, whole: bool) -> None:
    """Of judged nodes there are no random circuits, which would be other ones from item to item."""
    spec = write_spec(tmp_path, GRAPH % (" exhaustively" if whole else ""))
    if not whole:
        spec.write_text(spec.read_text().replace("lo, hi: 20..22", "lo, hi: 0..99"))
    first = run_command("verify", spec, "--json", "--store", tmp_path / "store")
    (graph,) = first.document["result"]["graphs"]
    asked = judge(tmp_path)
    assert first.status == 3
    assert f"{len(asked)} answers have no row in `judge.csv`" in graph["awaits"]
    second = run_command("verify", spec, "--json", "--store", tmp_path / "store")
    (graph,) = second.document["result"]["graphs"]
    assert (second.status, graph["awaits"]) == (0, "")
    edges = {(edge["source"], edge["target"]): edge for edge in graph["edges"]}
    assert all(edge["null"] is None for edge in edges.values())
    assert edges["head", "price"]["why"] == "answers are generated once for each input"
    if whole:
        pairs = list(itertools.product(INPUTS, repeat=2))
        gains = [points(reply(base, source)) - points(reply(base)) for base, source in pairs]
        found = edges["price", "head"]["own"]["total"]
        assert found["effect"]["estimate"] == pytest.approx(sum(gains) / len(gains), abs=1e-9)
        assert found["change"]["estimate"] == pytest.approx(sum(map(abs, gains)) / len(gains), abs=1e-9)
