"""How a task's inputs become what a network reads."""

from dataclasses import field

from .diagnostics import NOWHERE, Span
from .record import record
from .texts import Template


@record
class Tokens:
    """`tokens [x, y]`: the codes of these inputs are token ids, in this order."""

    inputs: tuple[str, ...]
    span: Span = field(default=NOWHERE, compare=False)


@record
class Vector:
    """`vector [x, y]`: the values of these inputs are numbers that are fed as they are, in this order."""

    inputs: tuple[str, ...]
    span: Span = field(default=NOWHERE, compare=False)


@record
class Prompt:
    """`prompt "..."`: a text that the tokenizer cuts up; of several templates one is drawn for each input."""

    templates: tuple[Template, ...]
    span: Span = field(default=NOWHERE, compare=False)

    @property
    def slot_names(self) -> tuple[str, ...]:
        """The slots that every template has, by name, in the first one's order."""
        first, *more = ({slot.name for slot in t.slots if slot.name is not None} for t in self.templates)
        common = first.intersection(*more)
        return tuple(dict.fromkeys(s.name for s in self.templates[0].slots if s.name is not None and s.name in common))


Rendering = Tokens | Vector | Prompt
