"""Origins: sources that are read in another network, and taken to the one that is measured by an affine map.

The map of a variable goes from its block there to its block here. It is the least-squares one on natural inputs of
`fit`, each of which both networks are given; of several (where features move together) the one of least norm.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ...compiler.causal_model import Codes
from ...compiler.experiments import Encoding
from ...compiler.interpret_terms import Batch
from ...compiler.plan import EvaluateStep
from ...compiler.sampling.items import Items
from ...compiler.terms import Run, measured_run, taken_values
from ..engines import Engine
from ..finite import require_finite
from .encode import encode_inputs
from .natural import Natural

ROUNDING = 1e-5
"""A direction in which features vary less than this, in units of the one in which they vary most, is rounding."""


@dataclass(frozen=True)
class AffineMap:
    """`weight` [feature there, feature here] and the means that it takes to each other, in float64."""

    weight: Tensor
    there: Tensor
    here: Tensor

    def move(self, features: Tensor) -> Tensor:
        """Features [item, feature there] as features [item, feature here], in float32."""
        return ((features.double() - self.there) @ self.weight + self.here).float()


@dataclass(frozen=True)
class Origin:
    """An engine on the network in which sources are read, its maps in place, and an affine map for each variable.

    `owned` tells which features of its frame here are a variable's, shape [feature].
    """

    engine: Engine
    encoding: Encoding
    maps: Mapping[str, AffineMap]
    owned: Mapping[str, Tensor]

    def read(self, variable: str, inputs: Codes) -> Tensor:
        """A variable's features in the block here, read there on inputs [input, column]: [input, feature]."""
        return self.maps[variable].move(_read(self.engine, variable, inputs, self.encoding))

    def fill(self, batch: Batch, run: Run, items: Items) -> Batch:
        """The batch of these items with every value that the run reads there, as features of its target's frame."""
        drawn = dict(batch.drawn)
        for target, value in taken_values(run):
            if value.through is not None:
                moved = self._placed(target, self.read(target, items.inputs[:, value.run.input]))
                drawn[target, value] = moved.numpy()
        return replace(batch, drawn=drawn)

    def _placed(self, variable: str, features: Tensor) -> Tensor:
        """A block's features [item, group * feature] in their frame, shape [item, group, feature]."""
        owned = self.owned[variable]
        own = features.reshape(len(features), -1, int(owned.sum()))
        moved = torch.zeros(*own.shape[:2], len(owned))
        moved[..., owned] = own
        return moved


def open_origin(step: EvaluateStep, engine: Engine, there: Engine, natural: Natural) -> Origin:
    """The origin of an evaluation, its affine maps fitted on natural inputs of `fit`.

    Args:
        step: says where the variables lie, also where a search chose it.
        engine: the one on the network that is measured.
        there: the one on the network in which sources are read.
        natural: the inputs that both networks are given.
    """
    assert step.origin is not None
    assert step.grounding is not None
    encoding, maps, owned = step.origin.encoding, dict[str, AffineMap](), dict[str, Tensor]()
    for variable, value in taken_values(measured_run(step.score)):
        if value.through is not None:
            frame, block = step.grounding.find(step.variables.index(variable))
            owned[variable] = engine.maps[frame].share(block).detach().cpu() > 0
            with torch.no_grad():
                here = engine.read(variable, natural.rows).cpu()
            maps[variable] = fit_affine(_read(there, variable, natural.codes, encoding), here)
    return Origin(there, encoding, maps, owned)


def fit_affine(there: Tensor, here: Tensor) -> AffineMap:
    """The least-squares affine map from features [input, feature there] to [input, feature here]."""
    for each in (there, here):
        require_finite(each, "activations", "sources are taken over")
    x, y = there.double(), here.double()
    means = x.mean(0), y.mean(0)
    weight = torch.linalg.lstsq(x - means[0], y - means[1], rcond=ROUNDING, driver="gelsd").solution
    return AffineMap(weight, *means)


def filled(origin: Origin | None, batch: Batch, run: Run, items: Items) -> Batch:
    """As `Origin.fill`; the batch as it is where sources are read in the network itself."""
    return batch if origin is None else origin.fill(batch, run, items)


def _read(engine: Engine, variable: str, inputs: Codes, encoding: Encoding) -> Tensor:
    with torch.no_grad():
        return engine.read(variable, torch.from_numpy(encode_inputs(inputs, encoding))).cpu()
