"""The values of loop variables around a place."""

from collections.abc import Mapping
from functools import cached_property

from ..diagnostics import Span
from ..record import record
from ..syntax.expressions import Number, Symbol, Truth
from ..syntax.leaves import Name

LoopValue = Number | Truth | Symbol


@record
class Bindings:
    """The values of the loop variables around a place, and where each variable is declared."""

    values: Mapping[str, LoopValue]
    spans: Mapping[str, Span]

    @cached_property
    def text(self) -> str:
        """`i = 0, d = grounding`."""
        return ", ".join(f"{name} = {show_value(value)}" for name, value in self.values.items())

    def bind(self, variable: Name, value: LoopValue) -> "Bindings":
        """With one more variable."""
        return Bindings({**self.values, variable.text: value}, {**self.spans, variable.text: variable.span})


NO_BINDINGS = Bindings({}, {})


def show_value(value: LoopValue) -> str:
    """A value as a user writes it."""
    match value:
        case Symbol(label=label):
            return label
        case Truth(value=truth):
            return "true" if truth else "false"
        case Number(value=number):
            return str(number)
