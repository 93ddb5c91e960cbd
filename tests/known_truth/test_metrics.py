"""Metrics of a small trained transformer, on every input, against the library's own forward in plain torch."""

# ruff: noqa: E501

import itertools
import math
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import cspec
import pytest
import torch
from tokenizers import Tokenizer
from torch import Tensor
from transformers import GPT2LMHeadModel

from .tools import verify

NETWORK = Path(cspec.__file__).parent / "specs" / "pricing" / "network"
SPEC = """
task pricing {
  input  lo, hi: 20..22
  input  cost: 19..23
  require lo < hi
  output ok: bool
  prompt "say yes only if it costs between {lo} and {hi} dollars . it costs {cost} dollars ."
  answer ok: { true: " yes", false: " no" }
  metric sure: 0..1 = prob(" yes")
  metric lean: -30..30 = logit(" yes") - logit(" no")
  metric said: -60..0 = logprob(" yes only if {hi}")
  metric mixed: -99..99 = 2 * prob(" yes") - toll[ok_of[cost]] * logprob(" {lo}") + 1
  metric paid: 0..9 = fee[answer, cost]
  metric tight: 0.2..0.7 = prob(" yes")
  metric sheet: 0..9 = rated[cost]
  metric named: -60..0 = logprob(words[cost])
}
table ok_of: 19..23 -> 0..1 = { 19: 0, 20: 1, 21: 1, 22: 1, 23: 0 }
table toll: 0..1 -> 1..3 = { 0: 1, 1: 3 }
table fee: bool, 19..23 -> 0..9 = csv("fee.csv", key: ok, key: cost, value: fee)
table rated = csv("rated.csv", key: cost, value: points)
table words = csv("rated.csv", key: cost, value: words)
model boundaries for pricing {
  above: bool = cost >= lo
  below: bool = cost <= hi
  ok = above and below
}
network lm = transformers("network")
claim c: %s >= %s
"""
COSTS = range(19, 24)
FEES = {(ok, cost): (3 * cost + 5 * ok) % 10 for ok in (False, True) for cost in COSTS}
POINTS = {cost: f"{(cost * 7) % 9}.5" for cost in COSTS}
WORDS = {cost: " yes only" if cost % 2 else " no" for cost in COSTS}

Input = tuple[int, int, int]
INPUTS: list[Input] = [(lo, hi, cost) for lo, hi in itertools.combinations(range(20, 23), 2) for cost in COSTS]


def write_spec(folder: Path, text: str, bound: float) -> Path:
    shutil.copytree(NETWORK, folder / "network")
    fees = "\n".join(f"{str(ok).lower()},{cost},{fee}" for (ok, cost), fee in FEES.items())
    (folder / "fee.csv").write_text(f"ok,cost,fee\n{fees}\n")
    rows = "\n".join(f"{cost},{POINTS[cost]},{WORDS[cost]}" for cost in COSTS)
    (folder / "rated.csv").write_text(f"cost,points,words\n{rows}\n")
    (spec := folder / "spec.cspec").write_text(SPEC % (text, bound) + "# end\n")
    return spec


def measure(folder: Path, text: str, bound: float, *options: str) -> dict[str, Any]:
    """The quantity of a claim that is run on every item."""
    spec = write_spec(folder, text, bound)
    spec.write_text(spec.read_text().replace(f">= {bound}", f">= {bound} exhaustively"))
    return verify(spec, folder / "store", *options).quantity("c")


# --- in plain torch -------------------------------------------------------------------------------------------------


@cache
def network() -> GPT2LMHeadModel:
    return GPT2LMHeadModel.from_pretrained(NETWORK).eval()


@cache
def tokenizer() -> Tokenizer:
    return Tokenizer.from_file(str(NETWORK / "tokenizer.json"))


@cache
def prompt(one: Input) -> tuple[int, ...]:
    lo, hi, cost = one
    text = f"say yes only if it costs between {lo} and {hi} dollars . it costs {cost} dollars ."
    return tuple(tokenizer().encode(text).ids)


def ids(text: str) -> tuple[int, ...]:
    return tuple(tokenizer().encode(text, add_special_tokens=False).ids)


COST_AT = -3
"""Where the cost stands, counted from the prompt's end."""

Edit = Callable[[Tensor], Tensor]


@cache
def stream(one: Input) -> Tensor:
    """The stream after layer 0 at the cost."""
    with torch.no_grad():
        states = network()(torch.tensor([prompt(one)]), output_hidden_states=True).hidden_states
    return states[1][0, COST_AT]


@cache
def log_probs(one: Input, said: tuple[int, ...] = (), source: Input | None = None) -> Tensor:
    """Logits [position, class] at the prompt's end and after each further token; the stream at the cost of `source`."""
    tokens, at = torch.tensor([[*prompt(one), *said]]), len(prompt(one)) + COST_AT
    taken = None if source is None else stream(source)

    def edit(_: object, __: object, output: Any) -> Any:
        state = output[0] if isinstance(output, tuple) else output
        changed = state.clone()
        if taken is not None:
            changed[0, at] = taken
        return (changed, *output[1:]) if isinstance(output, tuple) else changed

    handle = network().transformer.h[0].register_forward_hook(edit)
    try:
        with torch.no_grad():
            return network()(tokens).logits[0, len(prompt(one)) - 1 :].double()
    finally:
        handle.remove()


def logit(text: str, one: Input, source: Input | None = None) -> float:
    (token,) = ids(text)
    return float(log_probs(one, (), source)[0, token])


def logprob(text: str, one: Input, source: Input | None = None) -> float:
    tokens = ids(text)
    rows = log_probs(one, tokens[:-1], source).log_softmax(1)
    return sum(float(rows[step, token]) for step, token in enumerate(tokens))


def answered(one: Input, source: Input | None = None) -> bool:
    return logit(" yes", one, source) > logit(" no", one, source)


LOWS = {"sure": 0, "lean": -30, "said": -60, "mixed": -99, "paid": 0, "tight": 0.2, "sheet": 0, "named": -60}
Metric = Callable[[Input, Input | None], float]
METRICS: dict[str, Metric] = {
    "sure": lambda b, s: math.exp(logprob(" yes", b, s)),
    "lean": lambda b, s: logit(" yes", b, s) - logit(" no", b, s),
    "said": lambda b, s: logprob(f" yes only if {b[1]}", b, s),
    "mixed": lambda b, s: 2 * math.exp(logprob(" yes", b, s)) - (3 if 20 <= b[2] <= 22 else 1) * logprob(f" {b[0]}", b, s) + 1,
    "paid": lambda b, s: FEES[answered(b, s), b[2]],
    "tight": lambda b, s: min(max(math.exp(logprob(" yes", b, s)), 0.2), 0.7),
    "sheet": lambda b, _: float(POINTS[b[2]]),
    "named": lambda b, s: logprob(WORDS[b[2]], b, s),
}  # fmt: skip


def correct(one: Input) -> bool:
    return one[0] <= one[2] <= one[1]


def weighted(score: Callable[[Input, Input], float]) -> float:
    """The mean over all bases and sources; the half that changes the correct output weighs as the other."""
    halves: dict[bool, list[float]] = {True: [], False: []}
    for base, source in itertools.product(INPUTS, repeat=2):
        halves[correct(base) != correct(source)].append(score(base, source))
    return sum(sum(half) / len(half) for half in halves.values()) / 2


# --- the tests ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", METRICS)
def test_a_mean_is_that_of_plain_torch_over_every_input(name: str, tmp_path: Path) -> None:
    found = measure(tmp_path, f"mean({name} on lm)", LOWS[name] + 0.001)
    expected = sum(METRICS[name](one, None) for one in INPUTS) / len(INPUTS)
    assert found["estimate"] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("engine", ["fused", "hooks", "pyvene"])
@pytest.mark.parametrize("name", ["lean", "said", "paid"])
def test_an_effect_is_that_of_plain_hooks_on_every_base_and_source(name: str, engine: str, tmp_path: Path) -> None:
    found = measure(tmp_path, f"effect(resid_post[0] @ {{cost}} -> {name})", -8.0, "--engine", engine)
    expected = weighted(lambda b, s: METRICS[name](b, s) - METRICS[name](b, None))
    assert found["estimate"] == pytest.approx(expected, abs=1e-5)
    assert abs(expected) > 1e-3


def test_more_than_one_value_in_a_hundred_outside_the_bounds_decides_nothing(tmp_path: Path) -> None:
    """The values that plain torch finds outside `0.2..0.7` are cut to it, and counted; so are those of either run."""
    outside = [one for one in INPUTS if not 0.2 <= METRICS["sure"](one, None) <= 0.7]
    assert len(outside) > 0.01 * len(INPUTS)
    spec = write_spec(tmp_path, "mean(tight on lm)", 0.21)
    spec.write_text(spec.read_text().replace(">= 0.21", ">= 0.21 exhaustively expect inconclusive(out_of_range)"))
    done = verify(spec, tmp_path / "store")
    assert (done.said("c"), done.status) == ("inconclusive(out_of_range)", 0)
    assert done.quantity("c")["clipped"] == len(outside)
    spec.write_text(
        spec.read_text().replace("mean(tight on lm) >= 0.21", "effect(resid_post[0] @ {cost} -> tight) >= -0.4")
    )
    cut = [
        not (0.2 <= METRICS["sure"](b, None) <= 0.7 and 0.2 <= METRICS["sure"](b, s) <= 0.7)
        for b, s in itertools.product(INPUTS, repeat=2)
    ]
    done = verify(spec, tmp_path / "store")
    assert done.said("c") == "inconclusive(out_of_range)"
    assert done.quantity("c")["clipped"] == sum(cut)


def test_what_lies_within_its_bounds_is_not_cut(tmp_path: Path) -> None:
    """Nothing of `sure` lies outside 0..1, and everything of it is decided."""
    assert measure(tmp_path, "mean(sure on lm)", 0.01)["clipped"] == 0


@pytest.mark.parametrize("text", ["mean(sure on random(lm))", "effect(resid_post[0] @ {cost} -> lean on random(lm))"])
def test_metrics_are_read_of_random_networks(text: str, tmp_path: Path) -> None:
    """On networks without training the answers are about as likely as any other of 113 tokens."""
    spec = write_spec(tmp_path, text, 0.5)
    wide = spec.read_text().replace("lo, hi: 20..22", "lo, hi: 0..99").replace(">= 0.5", "<= 0.5")
    spec.write_text(wide + "\nsettings { controls { random: 2 } }\npairs few for pricing { size 1600 }\n")
    done = verify(spec, tmp_path / "store")
    assert abs(done.quantity("c")["estimate"]) < 0.3
    assert len(done.quantity("c")["select"]) == 2
