"""Measured graphs of a small trained transformer after prompts: each number against plain hooks, on every engine."""

import itertools
import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import torch
from cspec.tests.command_line import run
from torch import Tensor

from .test_metrics import COST_AT, INPUTS, NETWORK, network, prompt, tokenizer

SPEC = """
task pricing {
  input  lo, hi: 20..TOP
  input  cost: 19..23
  require lo < hi
  output ok: bool
  prompt "say yes only if it costs between {lo} and {hi} dollars . it costs {cost} dollars ."
  answer ok: { true: " yes", false: " no" }
  metric lean: -30..30 = logit(" yes") - logit(" no")
  metric said: -60..0 = logprob(" yes only")
}
model boundaries for pricing { ok = lo <= cost and cost <= hi }
network lm = transformers("network") ungated
circuit pair = { head_out[0, 1] @ last, head_out[0, 3] @ {cost} }
graph parts on lm exhaustively {
  node heads:  pair -> lean
  node stream: resid_post[0] @ {cost} -> said
  node late:   head_out[1, 2] @ last -> lean
  node units:  mlp_act[1][0..31] @ last -> correct
}
"""
NODES = {"heads": "lean", "stream": "said", "late": "lean", "units": "correct"}
"""What each node reads."""
PLACES = {
    "heads": [(slice(16, 32), -1), (slice(48, 64), COST_AT)],
    "stream": [(slice(0, 64), COST_AT)],
    "late": [(slice(32, 48), -1)],
    "units": [(slice(0, 32), -1)],
}
"""Dims and token of each node's parts, heads in order."""
Activations = dict[str, tuple[Tensor, ...]]
PATHS = ("total", "direct", "indirect")


def forward(tokens: Tensor, made: Activations, length: int) -> tuple[Tensor, Activations]:
    """Logits [item, token, word], and the activations of every node, where some are set."""
    blocks, found = network().transformer.h, dict[str, tuple[Tensor, ...]]()

    def edited(name: str, state: Tensor) -> Tensor:
        state = state.clone()
        places = [(dims, at if at >= 0 else length + at) for dims, at in PLACES[name]]
        for (dims, at), value in zip(places, made.get(name, ()), strict=name in made):
            state[:, at, dims] = value
        found[name] = tuple(state[:, at, dims].clone() for dims, at in places)
        return state

    def before(name: str) -> Any:
        return lambda _, arguments: (edited(name, arguments[0]),)

    def after(_: object, __: object, output: Any) -> Any:
        if isinstance(output, tuple):
            return (edited("stream", output[0]), *output[1:])
        return edited("stream", output)

    handles = [
        blocks[0].attn.c_proj.register_forward_pre_hook(before("heads")),
        blocks[0].register_forward_hook(after),
        blocks[1].attn.c_proj.register_forward_pre_hook(before("late")),
        blocks[1].mlp.c_proj.register_forward_pre_hook(before("units")),
    ]
    try:
        with torch.no_grad():
            return network()(tokens).logits, found
    finally:
        for handle in handles:
            handle.remove()


def token(word: str) -> int:
    (found,) = tokenizer().encode(word, add_special_tokens=False).ids
    return int(found)


def reads(prompts: Tensor, made: Activations, right: Tensor) -> dict[str, Tensor]:
    """Every metric of each item; the second token of a text is read after the first was fed."""
    yes, no, only = token(" yes"), token(" no"), token(" only")
    fed = torch.cat([prompts, torch.full((len(prompts), 1), yes)], 1)
    logits = forward(fed, made, prompts.shape[1])[0].double()
    last, further = logits[:, -2], logits[:, -1]
    return {
        "lean": (last[:, yes] - last[:, no]).clamp(-30, 30),
        "said": (last.log_softmax(-1)[:, yes] + further.log_softmax(-1)[:, only]).clamp(-60, 0),
        "correct": (last.argmax(-1) == torch.where(right, yes, no)).double(),
    }


def expected(top: int) -> dict[tuple[str, str, str], tuple[float, float]]:
    """By source, target and path: the mean of after minus before, and of its size, by plain hooks."""
    pairs = list(itertools.product([each for each in INPUTS if each[1] <= top], repeat=2))
    bases, sources = (torch.tensor([prompt(pair[role]) for pair in pairs]) for role in (0, 1))
    right, other_right = (torch.tensor([p[r][0] <= p[r][2] <= p[r][1] for p in pairs]) for r in (0, 1))
    changes, length = right != other_right, bases.shape[1]
    own, other = (forward(tokens, {}, length)[1] for tokens in (bases, sources))
    before, found = reads(bases, {}, right), dict[tuple[str, str, str], tuple[float, float]]()
    for source in NODES:
        moved = forward(bases, {source: other[source]}, length)[1]
        for target, metric in NODES.items():
            rest = [node for node in NODES if node not in (source, target)]
            made: dict[str, Activations] = {
                "total": {source: other[source]},
                "direct": {source: other[source], **{node: own[node] for node in rest}},
                "indirect": {node: moved[node] for node in rest},
            }
            for path in PATHS if source != target else ():
                gains = reads(bases, made[path], right)[metric] - before[metric]
                found[source, target, path] = (halved(gains, changes), halved(gains.abs(), changes))
    return found


def halved(values: Tensor, changes: Tensor) -> float:
    """The mean of both halves, items that change the output and others."""
    return float((values[changes].mean() + values[~changes].mean()) / 2)


@pytest.mark.parametrize(("engine", "top"), [("fused", 22), ("hooks", 21), ("pyvene", 21)])
def test_every_edge_is_that_of_plain_hooks(tmp_path: Path, engine: str, top: int) -> None:
    """The references, which compute everything again, on fewer inputs."""
    shutil.copytree(NETWORK, tmp_path / "network")
    (spec := tmp_path / "spec.cspec").write_text(SPEC.replace("TOP", str(top)))
    done = run("verify", spec, "--json", "--engine", engine)
    assert done.status == 0
    (graph,) = done.document["result"]["graphs"]
    known = expected(top)
    assert len(graph["edges"]) * len(PATHS) == len(known)
    assert sum(change > 1e-3 for _, change in known.values()) > 24
    for edge in graph["edges"]:
        for path in PATHS:
            row, told = edge["own"][path], known[edge["source"], edge["target"], path]
            found = tuple(float(Fraction(row[what]["exact"])) for what in ("effect", "change"))
            assert found == pytest.approx(told, abs=1e-5), (edge["source"], edge["target"], path)
