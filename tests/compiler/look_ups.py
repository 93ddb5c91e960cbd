"""Models with `the`, and the same in plain Python: what the tests of look-ups share."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from cspec.compiler.causal_model import CausalModel, lower_model, share_population
from cspec.lang import Source, read_program
from cspec.lang.program import Program

LOOKUP = """
task lookup {
  input  key[3]: 0..2
  input  value[3]: 0..1
  input  query: 0..2
  output out: 0..1
  tokens [key, value, query]
  answer out: index
}
model pointer for lookup {
  wanted = (query + 1) % 3
  at     = the i in 0..2 where key[i] == wanted
  out    = value[at]
}
"""
Inputs = tuple[int, ...]
Reference = Callable[[Inputs, dict[str, int]], dict[str, int] | None]
"""An input and what is set -> every variable; None where the output has no value."""


def read(text: str) -> Program:
    program, found = read_program(Source(Path("spec.cspec"), text))
    assert program is not None, found
    assert {diagnostic.code for diagnostic in found} <= {"CS204"}  # a variable that nothing reads
    return program


def models_of(text: str) -> dict[str, CausalModel]:
    program = read(text)
    models = {m.name: lower_model(m, program.tasks[m.task]) for m in program.models.values()}
    return share_population(models, {m.name: m.task for m in program.models.values()})


def every(model: CausalModel) -> list[Inputs]:
    return list(itertools.product(*(range(d.low, d.high + 1) for d in model.input_domains)))


def codes_of(model: CausalModel, inputs: list[Inputs]) -> np.ndarray:
    codes: np.ndarray = np.array(inputs).reshape(len(inputs), -1) - np.array([d.low for d in model.input_domains])
    return codes


def only(found: list[int]) -> int | None:
    return found[0] if len(found) == 1 else None


MANY = LOOKUP.replace("value[3]: 0..1", "value[3]: 0..9").replace("out: 0..1", "out: 0..9")


def pointer(inputs: Inputs, setting: dict[str, int]) -> dict[str, int] | None:
    key, value, query = inputs[:3], inputs[3:6], inputs[6]
    wanted = setting.get("wanted", (query + 1) % 3)
    at = setting["at"] if "at" in setting else only([i for i in range(3) if key[i] == wanted])
    return None if at is None else {"wanted": wanted, "at": at, "out": value[at]}


def own_run(reference: Reference, inputs: Inputs) -> dict[str, int]:
    """The run of an admitted input, without intervention."""
    found = reference(tuple(inputs), {})
    assert found is not None
    return found


def items_of(reference: Reference, admitted: list[Inputs], chosen: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    """Every base with every combination of sources, and the output before and after (None: no value)."""
    own = {inputs: own_run(reference, inputs) for inputs in admitted}
    for base, *sources in itertools.product(admitted, repeat=1 + len(chosen)):
        setting = {name: own[source][name] for name, source in zip(chosen, sources, strict=True)}
        after = reference(base, setting)
        yield base, tuple(sources), own[base]["out"], None if after is None else after["out"]
