"""What a file declares, and where it is named."""

from dataclasses import field
from typing import Any

from ..diagnostics import Span
from ..record import record

LOCAL = ("loop variable", "parameter")
"""Kinds that are known in one place only."""


@record
class Declared:
    """Something with a name. `kind` is its keyword, or `input`, `output`, `variable`, `symbol`, `loop variable`, ...

    `owner` is the name of the declaration that it belongs to, empty for those of the file; `node` is what declares it,
    and `whole` the text of that.
    """

    kind: str
    name: str
    span: Span
    owner: str = ""
    whole: Span = field(default=Span(0, 0), compare=False)
    node: Any = field(default=None, compare=False, repr=False)

    @property
    def doc(self) -> str:
        """Its doc string."""
        return str(getattr(self.node, "doc", ""))


@record
class Occurrence:
    """A place where something is named, its declaration among them."""

    span: Span
    declared: Declared


@record
class Resolution:
    """Everything that is declared, in order, and every place where it is named, by position."""

    declared: tuple[Declared, ...]
    occurrences: tuple[Occurrence, ...]

    def at(self, offset: int) -> Occurrence | None:
        """What is named at an offset, or just before it."""
        return next((o for o in self.occurrences if o.span.start <= offset <= o.span.end), None)

    def of(self, declared: Declared) -> tuple[Occurrence, ...]:
        """Every place where one thing is named."""
        return tuple(o for o in self.occurrences if o.declared == declared)

    def find(self, kind: str, name: str) -> Declared | None:
        """A declaration of the file by its kind and name."""
        return next((d for d in self.declared if not d.owner and d.kind == kind and d.name == name), None)

    def members(self, owner: str, *kinds: str) -> tuple[Declared, ...]:
        """What belongs to a declaration, of some kinds."""
        return tuple(d for d in self.declared if d.owner == owner and d.kind in kinds)
