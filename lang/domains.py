"""Finite domains: what the values of a variable may be, and how each is stored as a code."""

from dataclasses import field

from .record import record


@record
class Attribute:
    """A column beside an entity type's values: `values[code]` is the attribute of the value with that code."""

    name: str
    domain: "Domain"
    values: tuple[int, ...]


@record
class Domain:
    """A finite domain of `size` values, stored as codes 0 .. size-1; a code's value is `low + code`.

    Integers: `labels` is None. Symbols and `bool`: `low` is 0 and `labels` names each value.
    """

    name: str
    low: int
    size: int
    labels: tuple[str, ...] | None = None
    parts: tuple["Domain", ...] = ()
    """Of a tuple: its parts' domains, the first part fastest: code = sum of code_i * size_0 * .. * size_(i-1)."""
    attributes: tuple[Attribute, ...] = field(default=(), compare=False, repr=False)
    """Of an entity type: what is known of each value."""

    @property
    def high(self) -> int:
        """The largest value."""
        return self.low + self.size - 1

    @property
    def is_integer(self) -> bool:
        return self.labels is None

    @property
    def is_boolean(self) -> bool:
        return self.labels == ("false", "true")

    def show(self, value: int) -> str:
        """A value as the user writes it; a tuple as its parts in parentheses."""
        if self.parts:
            shown = []
            for part in self.parts:
                value, code = divmod(value, part.size)
                shown.append(part.show(part.low + code))
            return f"({', '.join(shown)})"
        return str(value) if self.labels is None else self.labels[value]


BOOL = Domain("bool", 0, 2, ("false", "true"))


def integers(low: int, high: int) -> Domain:
    """The inclusive range `low..high`."""
    return Domain(f"{low}..{high}", low, high - low + 1)


def product(parts: tuple[Domain, ...]) -> Domain:
    """The domain of tuples: one code for the values of all parts together."""
    size = 1
    for part in parts:
        size *= part.size
    return Domain("(" + ", ".join(part.name for part in parts) + ")", 0, size, None, parts)
