"""Families: names with an index. A member has a plain name, `x[0]`, once it is unrolled: such names are made here."""

from collections.abc import Iterable

from .record import record


@record
class IndexedFamily:
    """The members of a family by index: numbers in ascending order, or symbols in the order of their first use."""

    name: str
    indices: tuple[int | str, ...]

    @property
    def members(self) -> tuple[str, ...]:
        """The members' names in order of their index."""
        return tuple(member_name(self.name, index) for index in self.indices)

    @property
    def text(self) -> str:
        """The members as a user lists them: `x[0]` .. `x[3]`."""
        names = [f"`{name}`" for name in self.members]
        low, high = self.indices[0], self.indices[-1]
        whole = isinstance(low, int) and isinstance(high, int) and self.indices == tuple(range(low, high + 1))
        if whole and len(names) > 2:
            return f"{names[0]} .. {names[-1]}"
        return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def member_name(family: str, index: int | str) -> str:
    """`x[3]`, `x[grounding]`."""
    return f"{family}[{index}]"


def split_member(name: str) -> tuple[str, int | str] | None:
    """The family and the index of a member's name; None for a name without an index."""
    family, bracket, rest = name.partition("[")
    if not bracket:
        return None
    index = rest[:-1]
    return family, int(index) if index.lstrip("-").isdecimal() else index


def family_name(name: str) -> str:
    """The family that a member belongs to, or the name itself."""
    return name.partition("[")[0]


def families_of(names: Iterable[str]) -> dict[str, IndexedFamily]:
    """Every family that has a member among the names, in order of first occurrence."""
    found: dict[str, list[int | str]] = {}
    for name in names:
        if (member := split_member(name)) is not None:
            found.setdefault(member[0], []).append(member[1])
    return {name: IndexedFamily(name, _in_order(indices)) for name, indices in found.items()}


def _in_order(indices: list[int | str]) -> tuple[int | str, ...]:
    numbers = [index for index in indices if isinstance(index, int)]
    return tuple(sorted(numbers)) if len(numbers) == len(indices) else tuple(indices)


def list_names(names: Iterable[str]) -> str:
    """Names as a user lists them; a run of one family's members by its ends."""
    names = list(names)
    families = families_of(names)
    distinct = dict.fromkeys(map(family_name, names))
    shown = [families[name].text if name in families else f"`{name}`" for name in distinct]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
