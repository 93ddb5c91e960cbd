"""Texts with slots: prompts, answers and the texts that metrics ask about."""

from dataclasses import field

from .diagnostics import NOWHERE, Span
from .expressions import Expression
from .record import record


@record
class Slot:
    """`{e}`: the value of an expression over the task's inputs, written as the user would write it.

    `{e:3}` pads with spaces on the left to `width` characters, `{e:03}` with zeros. `name` is what `@ {name}` calls
    the slot: the input where the expression is one, else what stands after `as` (None: nothing).
    """

    expression: Expression
    name: str | None = None
    width: int = 0
    zeros: bool = False
    span: Span = field(default=NOWHERE, compare=False)

    def render(self, value: int) -> str:
        """The text of a value of the expression. Zeros go after the sign."""
        shown = self.expression.domain.show(value)
        return shown.zfill(self.width) if self.zeros else shown.rjust(self.width)


@record
class Template:
    """Plain text and slots, in order."""

    parts: tuple[str | Slot, ...]
    span: Span = field(default=NOWHERE, compare=False)

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The slots, in order."""
        return tuple(part for part in self.parts if isinstance(part, Slot))
