"""A task's inputs alone, in the place of a causal model: items are drawn from them where no model gives an output."""

from ...lang.domains import integers
from ...lang.expressions import Constant
from ...lang.program import Mechanism, Task
from ..causal_model import CausalModel

UNTOLD = "no output"
"""The one variable, which is the same for every input. No variable of a spec can be called so."""


def model_of_inputs(task: Task) -> CausalModel:
    """A model whose output tells no inputs apart: every base goes with every source."""
    domain = integers(0, 0)
    return CausalModel(
        name=f"inputs of {task.name}",
        input_names=tuple(declared.name for declared in task.inputs),
        input_domains=tuple(declared.domain for declared in task.inputs),
        mechanisms=(Mechanism(UNTOLD, domain, Constant(0, domain)),),
        output=UNTOLD,
        require=task.require,
    )
