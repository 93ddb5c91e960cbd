"""An edge of a causal model as a variable of its own: to set it is to let one child see another value.

For `iia(A.x -> y)`: a copy of x that only y reads is put between them, so that items, halves and labels follow from the
ordinary interchange of the copy.
"""

from dataclasses import replace

from ..lang.expressions import Expression, Variable
from ..lang.program import Mechanism
from ..lang.tuples import part_of
from .causal_model import CausalModel
from .expressions import substitute


def hold_children(model: CausalModel, parent: str, child: str) -> CausalModel:
    """The model in which only `child` reads the copy of `parent`; the same function of the inputs."""
    return copy_for_readers(model, parent, (child,))


def copy_for_readers(model: CausalModel, parent: str, readers: tuple[str, ...]) -> CausalModel:
    """The model in which `readers` read a copy of `parent`, called `edge_name(parent, *readers)`.

    Of a family the copy is of the whole tuple, and the readers read the members from it.
    """
    name, domain = edge_name(parent, *readers), model.domains[parent]
    copy = Variable(name, domain)
    members = dict(model.families).get(parent, ())
    copies: dict[str, Expression] = {parent: copy} | {m: part_of(copy, index) for index, m in enumerate(members)}
    mechanisms: list[Mechanism] = []
    copied = parent in model.input_names
    if copied:
        mechanisms.append(Mechanism(name, domain, Variable(parent, domain)))
    for mechanism in model.mechanisms:
        if mechanism.name in readers:
            if not copied:
                mechanisms.append(Mechanism(name, domain, Variable(parent, domain)))
                copied = True
            mechanism = replace(mechanism, expression=substitute(mechanism.expression, copies))
        mechanisms.append(mechanism)
    return replace(model, name=f"{model.name} along {name}", mechanisms=tuple(mechanisms))


def edge_name(parent: str, *readers: str) -> str:
    """`x -> y`, `x -> y, z`."""
    return f"{parent} -> {', '.join(readers)}"


def other_children(model: CausalModel, parent: str, child: str) -> tuple[str, ...]:
    """The variables that read `parent`, or a member of it, directly, but for `child`."""
    own = {parent, *dict(model.families).get(parent, ())}
    return tuple(name for name, read in model.parents.items() if own & set(read) and name not in own | {child})
