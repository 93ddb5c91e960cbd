"""A replayed counterexample as text: inputs, the model's variables, the network's logits, and what to make of them."""

from collections.abc import Iterator

from ..runtime.diagnosis.replay import NetworkRun, Replay
from .page import columns
from .render_diagnosis import show_input

FEW = 8
"""Of more declared answers only those are printed that some run gives, or that the model predicts, and the largest."""


def render_replay(replay: Replay, result: str) -> str:
    """A replay as lines; inputs are printed whole, however long."""
    example, found = replay.recorded, replay.found
    chosen = "{" + ", ".join(example.set) + "}"
    lines = [
        f"{result}#{example.number}: claim {replay.claim}, {replay.quantity}, {chosen}, label {example.half}",
        "",
        *columns([["base", show_input(example.base)], *_sources(replay)], 2),
        "",
        *columns([["model", "before", "after"], *([v.variable, v.before, v.after] for v in replay.model)], 2),
        "",
        *columns(list(_logits(replay)), 2),
        "",
        f"predicted {found.model_after}, answered {found.network_after}: {_judge(replay)}",
    ]
    return "\n".join(lines) + "\n"


def _sources(replay: Replay) -> Iterator[list[str]]:
    for name, source in replay.recorded.sources.items():
        yield [f"source of {name}", show_input(source)]


def _logits(replay: Replay) -> Iterator[list[str]]:
    """One line a run, with the logits of each answer's declared values, the answers one below the other."""
    for index in range(len(replay.runs[0].logits)):
        values = _values(replay.runs, index, replay.found.model_after)
        yield ["network", *values, "answer"]
        for run in replay.runs:
            yield [run.run, *(f"{run.logits[index][value]:.4f}" for value in values), run.answer]


def _values(runs: tuple[NetworkRun, ...], index: int, predicted: str) -> list[str]:
    """The declared values whose logits are printed, in order of declaration."""
    declared = list(runs[0].logits[index])
    if len(declared) <= FEW:
        return declared
    largest = sorted(declared, key=lambda value: -max(run.logits[index][value] for run in runs))
    best = [max(declared, key=lambda value: run.logits[index][value]) for run in runs]
    shown = list(dict.fromkeys([*best, *([predicted] if predicted in declared else []), *largest]))[:FEW]
    return [value for value in declared if value in shown]


def _judge(replay: Replay) -> str:
    if replay.reproduces:
        return "as the result says"
    said = replay.recorded
    return f"the result says {said.model_after} and {said.network_after}: it does not reproduce"
