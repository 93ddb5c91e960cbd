"""Where a thing in an effect stands, and its name with an index."""

from ...families import member_name
from ...record import record
from ...scope import Names, Reporter, Signature
from ...syntax.alignments import Star
from ...syntax.effects import ThingSyntax
from ...syntax.expressions import LoopRange, Reference
from ...syntax.leaves import Name
from ...unroll.unroll_expressions import index_text


@record
class ThingScope:
    """Where a thing stands: the task whose inputs it may be, and whether `it` is known (within `by`)."""

    names: Names
    task: Signature | None
    searching: bool = False

    @property
    def report(self) -> Reporter:
        return self.names.report


def whole_name(thing: ThingSyntax) -> Name | None:
    """The name with its index, `heads[grounding]`, where what stands in its brackets can be one."""
    if not thing.brackets:
        return thing.name
    first, *more = thing.brackets
    if more or len(first.entries) != 1:
        return None
    (entry,) = first.entries
    if isinstance(entry, LoopRange | Star):
        return None
    plain = isinstance(entry, Reference) and entry.index is None and entry.role is None
    text = entry.name.text if plain and isinstance(entry, Reference) else index_text(entry)
    return None if text is None else Name(member_name(thing.name.text, text), thing.span)
