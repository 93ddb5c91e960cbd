"""From a population's items to the tensors that a script reads."""

import numpy as np
import torch
from torch import Tensor

from ...compiler.experiments import Encoding
from ...compiler.groundings import Frame, Grounding
from ...compiler.interpret_terms import evaluate_in_model, model_batch
from ...compiler.row_layout import Position
from ...compiler.sampling.enumerate_items import enumerate_items
from ...compiler.sampling.items import Items
from ..engines.feed import Feed
from ..scoring.answers import answer_codes
from ..scoring.encode import encode
from .find_interchange import Interchange
from .repetition import MOST_ITEMS, refusal


def draw_repeated(found: Interchange) -> Items:
    """The items that the result speaks of: as many sampled ones as were looked at, or the whole domain.

    Raises:
        EnvironmentProblem: they are too many for a script.
    """
    if found.row.n > MOST_ITEMS:
        raise refusal(found.claim, f"it was measured on {found.row.n:,} items, and a script repeats {MOST_ITEMS:,}")
    population = found.items.population
    if found.items.split != "whole":
        return population.draw(found.items.split, found.row.n).items
    parts = list(enumerate_items(population, 8192))
    return Items(np.concatenate([part.inputs for part in parts]), np.concatenate([part.cell for part in parts]))


def lower_items(found: Interchange, items: Items, grounding: Grounding) -> dict[str, Tensor]:
    """The tensors of items, as `Repetition.items` describes them; `cell` counts as `Population.cells` does.

    Raises:
        EnvironmentProblem: a variable lives at several positions, or a prompt cannot be fed.
    """
    step, encoding = found.step, found.encoding
    feed = Feed(encoding)
    rows = torch.from_numpy(encode(items, encoding))
    base = rows[:, found.run.input]
    model = model_batch(found.items.population, items)
    labels = torch.from_numpy(evaluate_in_model(found.score.right, step.model, model))
    tensors = {
        "base": feed.tokens(base),
        "read": feed.reads(base),
        "accepted": accepted_classes(labels, encoding),
        "cell": torch.from_numpy(items.cell),
    }
    for target, value in found.taken:
        frame, source = _frame_of(grounding, step.variables.index(target)), rows[:, value.run.input]
        tensors[f"source.{target}"] = feed.tokens(source)
        for name, each in (("base_position", base), ("source_position", source)):
            tensors[f"{name}.{target}"] = _positions(found.claim, target, frame, feed, each)
    return {name: tensor.long().clone(memory_format=torch.contiguous_format) for name, tensor in tensors.items()}


def accepted_classes(labels: Tensor, encoding: Encoding) -> Tensor:
    """The classes that stand for the codes of the output [item], shape [item, answer, class]; -1 fills up."""
    per_answer = []
    for answer, codes in zip(encoding.answers, answer_codes(labels, encoding), strict=True):
        table = [
            [each for each, code in zip(answer.declared, answer.codes, strict=True) if code == wanted]
            for wanted in range(len(answer.classes))
        ]
        per_answer.append((table, codes))
    widest = max(len(row) for table, _ in per_answer for row in table)
    filled = [torch.tensor([row + [-1] * (widest - len(row)) for row in table])[codes] for table, codes in per_answer]
    return torch.stack(filled, 1)


def _frame_of(grounding: Grounding, variable: int) -> Frame:
    return next(f for f in grounding.frames if any(block.variable == variable for block in f.blocks))


def _positions(claim: str, target: str, frame: Frame, feed: Feed, rows: Tensor) -> Tensor:
    """A variable's position in each row, shape [item]."""
    if any(isinstance(p, Position) and p.part == "all" and p.index is None for p in frame.positions):
        what = f"`{target}` lives at several positions, not as many in every prompt"
        raise refusal(claim, what, by_pyvene=False)
    (where,) = feed.where(frame, rows)
    if isinstance(where, tuple):
        where = torch.tensor(where).expand(len(rows), len(where))
    if where.shape[1] != 1:
        raise refusal(claim, f"`{target}` lives at several positions")
    return where[:, 0]
