"""Counterexamples: the smallest items on which network and model disagree, in the user's words.

Small are items that interchange few variables, and whose sources differ from the base in few inputs.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from ...compiler.causal_model import CausalModel, Codes
from ...compiler.experiments import Encoding
from ...compiler.interpret_terms import Batch, evaluate_in_model, model_batch
from ...compiler.sampling.draw_items import Population
from ...compiler.sampling.items import Items
from ...compiler.terms import Agree, OutputOf, Run
from ..engines import Engine
from ..scoring.encode import encode
from ..scoring.origins import Origin, filled
from .diagnosis import Change, Counterexample, Input
from .show_answers import show_answers

MOST = 5

Bools = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Worlds:
    """A network and the causal model that it is compared with.

    `score` is the term of both worlds. The `engine` runs the network, with its maps in place; by the `encoding` items
    become tokens and logits answers, the best of the declared ones where they are `among` these. Sources are read at
    the `origin`, if not in the network itself.
    """

    score: Agree
    engine: Engine
    encoding: Encoding
    among: bool
    origin: Origin | None = None

    def fed(self, items: Items, batch: Batch) -> Batch:
        """What the network is fed of items whose batch in the model is given."""
        tokens = Batch(encode(items, self.encoding), batch.members, batch.variables)
        return filled(self.origin, tokens, self.score.left.run, items)


def find_counterexamples(
    population: Population, items: Items, agree: Bools, worlds: Worlds
) -> tuple[Counterexample, ...]:
    """At most five smallest counterexamples, numbered from 1.

    Args:
        population: where the items are from; its model knows the words.
        items: those that were scored.
        agree: whether network and model agree, shape [item].
        worlds: what was compared.
    """
    members = model_batch(population, items).members
    changing = np.array([cell.half == "changing" for cell in population.cells])[items.cell]
    rows = choose_counterexamples(effective_inputs(items.inputs, members), members, changing, agree)
    if not len(rows):
        return ()
    return describe_items(population, items, rows, worlds)


def choose_counterexamples(inputs: Codes, members: Bools, changing: Bools, agree: Bools) -> Rows:
    """The rows of the smallest items of disagreement, smallest first.

    Fewest interchanged variables first, then fewest inputs in which the sources differ from the base, then smallest
    codes. At most five, from both halves where both have some; equal items are taken once.

    Args:
        inputs: codes, shape [item, role, input], where every source outside an item's set is its base.
        members: which variables are in each item's set, shape [item, variable].
        changing: whether the interchange changes the label, shape [item].
        agree: whether network and model agree, shape [item].
    """
    rows = np.flatnonzero(~agree)
    if not len(rows):
        return rows
    sizes = members[rows].sum(1)
    differing = (inputs[rows, 1:] != inputs[rows, :1]).sum((1, 2))
    sources = inputs[rows, 1:].reshape(len(rows), inputs[0, 1:].size)
    codes = np.concatenate([inputs[rows, 0], (~members[rows]).astype(np.int64), sources], 1)
    keys = np.concatenate([sizes[:, None], differing[:, None], codes], 1)
    _, first = np.unique(keys, axis=0, return_index=True)  # distinct, and in the keys' lexicographic order
    half = changing[rows[first]]
    rank = np.where(half, np.cumsum(half), np.cumsum(~half))
    kept = np.sort(np.argsort(rank, kind="stable")[:MOST])
    chosen: Rows = rows[first[kept]]
    return chosen


def effective_inputs(inputs: Codes, members: Bools) -> Codes:
    """Inputs with the base in the place of every source that its item does not use; shape [item, role, input]."""
    used = np.concatenate([np.ones((len(members), 1), dtype=bool), members], 1)
    effective: Codes = np.where(used[:, :, None], inputs, inputs[:, :1])
    return effective


def describe_items(population: Population, items: Items, rows: Rows, worlds: Worlds) -> tuple[Counterexample, ...]:
    """These items with what both worlds say of them, numbered from 1; arguments as in `find_counterexamples`."""
    model = population.recipe.model
    some = Items(items.inputs[rows], items.cell[rows])
    batch = model_batch(population, some)
    halves = [population.cells[cell].half for cell in some.cell.tolist()]
    before, after = model_outputs(worlds.score, model, batch)
    network_before, network_after = network_answers(worlds, model, batch, some)
    found = []
    for i, half in enumerate(halves):
        chosen = tuple(name for name, member in zip(batch.variables, batch.members[i], strict=True) if member)
        sources = {name: some.inputs[i, 1 + batch.variables.index(name)] for name in chosen}
        found.append(
            Counterexample(
                number=i + 1,
                base=_input(model, some.inputs[i, 0]),
                sources={name: _input(model, source) for name, source in sources.items()},
                set=chosen,
                half=str(half),
                changes=tuple(_change(model, some.inputs[i, 0], name, source) for name, source in sources.items()),
                model_before=before[i],
                model_after=after[i],
                network_before=network_before[i],
                network_after=network_after[i],
            )
        )
    return tuple(found)


def model_outputs(score: Agree, model: CausalModel, batch: Batch) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The model's output on each item's base, and under its interchange."""
    queries = (_before(score.right), score.right)
    before, after = (
        tuple(model.show_value(query.variable, code) for code in evaluate_in_model(query, model, batch).tolist())
        for query in queries
    )
    return before, after


def network_answers(
    worlds: Worlds, model: CausalModel, batch: Batch, items: Items
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The network's answer on each item's base, and under its interchange."""
    tokens, score, encoding = worlds.fed(items, batch), worlds.score, worlds.encoding
    shown = []
    for query, in_model in ((_before(score.left), _before(score.right)), (score.left, score.right)):
        labels = evaluate_in_model(in_model, model, batch)
        with torch.no_grad():
            logits = worlds.engine.logits(query, replace(tokens, forced=encoding.force(labels)))
        shown.append(show_answers(logits, torch.from_numpy(labels), model, encoding, worlds.among))
    before, after = shown
    return before, after


def _before(query: OutputOf) -> OutputOf:
    return OutputOf(query.variable, Run(query.run.world, query.run.input))


def _input(model: CausalModel, codes: Codes) -> Input:
    return {name: model.show_value(name, code) for name, code in zip(model.input_names, codes.tolist(), strict=True)}


def _change(model: CausalModel, base: Codes, variable: str, source: Codes) -> Change:
    own, given = (int(model.run(codes[None], {})[variable][0]) for codes in (base, source))
    return Change(variable, model.show_value(variable, own), model.show_value(variable, given))
