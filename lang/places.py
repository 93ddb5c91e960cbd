"""Places in a network: sites and regions, families of maps, and where an alignment puts each variable."""

from dataclasses import field, replace
from functools import cached_property
from typing import Literal

from .diagnostics import NOWHERE, Span
from .later import LATER, NAME
from .record import record

SlotPart = Literal["last", "first", "all"]
PARTS: tuple[SlotPart, ...] = ("last", "first", "all")


@record
class Position:
    """Where in a prompt: a slot, or a token's index (negative ones count from the end); with neither, every token.

    Of a slot's tokens it is the last, the first or all of them, as `part` says; in `tokens [x]` the slot `{x}` is the
    one token of `x`. Resolved, each of all tokens is a position of its own, with its index among them.
    """

    slot: str | None = None
    index: int | None = None
    part: SlotPart = field(default="last", metadata=LATER)

    @property
    def text(self) -> str:
        """`{x}`, `{x}.first`, `3`, `last`, `all`."""
        if self.slot is not None:
            return f"{{{self.slot}}}" + ("" if self.part == "last" else f".{self.part}")
        if self.index is None or self.part == "all":
            return "all"
        return "last" if self.index == -1 else str(self.index)


EVERY_TOKEN = Position(part="all")


@record
class Site:
    """A place in the network: `hidden[1]`, `hidden[1][0..7]`, `logits`, `resid[2][3..5] @ {x[0]}`, `q[3, 0] @ last`.

    `dims` is None for the whole site. `positions` are empty for networks without them; several are one vector, their
    concatenation in this order. `inside` names another alignment and its variable, `outer.left`: the site is then that
    variable's block (component and layer are its own, and `dims` None).

    `head` is the attention head of the components that have one; `module` the dotted path of `module("...")`.
    `joined` are further sites, written in one pair of brackets with this one: all are one vector, their concatenation.
    """

    component: str
    layer: int | None
    dims: tuple[int, ...] | None = None
    positions: tuple[Position, ...] = ()
    inside: tuple[str, str] | None = None
    head: int | None = field(default=None, metadata=LATER)
    module: str | None = field(default=None, metadata=LATER)
    joined: tuple["Site", ...] = field(default=(), metadata=LATER)
    span: Span = field(default=NOWHERE, compare=False)

    @property
    def parts(self) -> tuple["Site", ...]:
        """The sites whose concatenation it is."""
        return (replace(self, joined=()), *self.joined)

    @property
    def at_one_place(self) -> bool:
        """Whether all its parts are units of one activation: they differ in their heads and dims only."""
        return len({(part.component, part.layer, part.positions, part.inside, part.module) for part in self.parts}) == 1

    @property
    def name(self) -> str:
        """The component, of a module with its path: `q`, `module("model.layers.3")`."""
        return self.component if self.module is None else f'{self.component}("{self.module}")'

    @cached_property
    def text(self) -> str:
        """The site as a user writes it; runs of dims as ranges."""
        if self.joined:
            return f"[{', '.join(part.text for part in self.parts)}]"
        if self.inside is not None:
            return ".".join(self.inside)
        indices = [str(index) for index in (self.layer, self.head) if index is not None]
        layer = f"[{', '.join(indices)}]" if indices else ""
        dims = "" if self.dims is None else f"[{show_dims(self.dims)}]"
        return f"{self.name}{layer}{dims}{show_positions(self.positions)}"


@record
class Region:
    """Sites to choose from (`in`): every layer with every entry of dims and every position.

    `layers` None stands for `*`, all of the component's, and so do `heads`; `dims` None for the whole site, `"each"`
    for `*`, every single dim; else each entry is one alternative. `positions` are alternatives (empty: none; None:
    `*`); of a family's region (`memberwise`) they are one for each member, in every alternative.
    `module` is as in `Site`. `others` are further regions, listed in brackets with this one: alternatives, too.
    """

    component: str
    layers: tuple[int, ...] | None
    dims: tuple[tuple[int, ...], ...] | Literal["each"] | None = None
    positions: tuple[Position, ...] | None = ()
    heads: tuple[int, ...] | None = field(default=(), metadata=LATER)
    module: str | None = field(default=None, metadata=LATER)
    others: tuple["Region", ...] = field(default=(), metadata=LATER)
    memberwise: bool = field(default=False, metadata=LATER)
    span: Span = field(default=NOWHERE, compare=False)

    @property
    def parts(self) -> tuple["Region", ...]:
        """The regions that are listed."""
        return (replace(self, others=()), *self.others)

    @property
    def text(self) -> str:
        """The region as a user writes it."""
        if self.others:
            return f"[{', '.join(part.text for part in self.parts)}]"
        listed = ", ".join("*" if of is None else show_dims(of) for of in (self.layers, self.heads) if of != ())
        indices = f"[{listed}]" if listed else ""
        component = self.component if self.module is None else f'{self.component}("{self.module}")'
        dims = ""
        if self.dims is not None:
            dims = f"[{'*' if self.dims == 'each' else ', '.join(show_dims(entry) for entry in self.dims)}]"
        where = " @ *" if self.positions is None else show_positions(self.positions)
        return f"{component}{indices}{dims}{where}"


def show_positions(positions: tuple[Position, ...]) -> str:
    """` @ {x}`, ` @ [last, {x}]`; nothing for networks without positions."""
    if not positions:
        return ""
    texts = [position.text for position in positions]
    return f" @ {texts[0]}" if len(texts) == 1 else f" @ [{', '.join(texts)}]"


def show_dims(dims: tuple[int, ...]) -> str:
    """Dims with runs written as inclusive ranges: (0, 1, 2, 5) -> `0..2, 5`."""
    parts: list[str] = []
    start = previous = dims[0]
    for dim in (*dims[1:], None):
        if dim is not None and dim == previous + 1:
            previous = dim
            continue
        parts.append(str(start) if start == previous else f"{start}..{previous}")
        if dim is not None:
            start = previous = dim
    return ", ".join(parts)


FamilyName = Literal["identity", "rotation", "pca", "difference", "probe", "revnet", "sae"]


@record
class Family:
    """A family of maps; `revnet` takes its number of blocks and its width, `sae` the path of its weights."""

    name: FamilyName
    arguments: tuple[int, ...] = ()
    path: str | None = field(default=None, metadata=LATER | NAME)
    path_span: Span = field(default=NOWHERE, compare=False)

    @property
    def text(self) -> str:
        """`rotation`, `revnet(10, 16)`, `sae("f.safetensors")`."""
        if self.path is not None:
            return f'{self.name}("{self.path}")'
        return f"{self.name}({', '.join(map(str, self.arguments))})" if self.arguments else self.name


IDENTITY = Family("identity")


Size = int | Literal["learned"] | None
"""Dims of a variable in its map: a number, to be learned, or (None) the whole site."""


@record
class Placement:
    """One variable's place: its site or the region to search, the family of its map, and its size.

    `sizes` are alternatives where there are several. Placements with the same `line` were written on one line: in a
    region they share one site. A family's placement names its members in order; each lies at its own one of `members`,
    sites that differ in their positions only, and they share one map. (`place` is then the first of them.) In a region
    they do so in each of its alternatives.
    """

    variable: str
    place: Site | Region
    family: Family = IDENTITY
    sizes: tuple[Size, ...] = (None,)
    line: int = 0
    members: tuple[Site, ...] = ()
    span: Span = field(default=NOWHERE, compare=False)
    """The variable's name where it is placed."""
    size_span: Span = field(default=NOWHERE, compare=False)
    """The size where it is given, else the site."""

    @property
    def site(self) -> Site:
        """The one site of a placement that names one."""
        assert isinstance(self.place, Site)
        return self.place

    @property
    def memberwise(self) -> bool:
        """Whether it places a family, member by member with one map."""
        return bool(self.members) or (isinstance(self.place, Region) and self.place.memberwise)

    @property
    def size(self) -> int | None:
        """The number of dims that is stated, if exactly one is."""
        (size, *more) = self.sizes
        return size if isinstance(size, int) and not more else None

    def under(self, via: "tuple[Family, tuple[Size, ...]] | None") -> "Placement":
        """The placement with another map (`Iia.via`): its own size stays where `via` states none."""
        return self if via is None else replace(self, family=via[0], sizes=via[1] or self.sizes)

    @property
    def learned(self) -> bool:
        """Whether anything about the place or the map is found by a search or a fit."""
        given = self.family.name == "identity" and self.sizes == (None,)
        return not given or isinstance(self.place, Region) or self.place.inside is not None

    @property
    def dims_are_found(self) -> bool:
        """Whether it takes some dims of its site, which a search finds, and leaves the others as they are."""
        return self.family.name == "identity" and self.sizes != (None,)

    @property
    def text(self) -> str:
        """`hidden[1] via rotation size 4`."""
        where = f"in {self.place.text}" if isinstance(self.place, Region) else f"at {self.place.text}"
        return f"{where} {self.map_text}"

    @property
    def map_text(self) -> str:
        """`via rotation size 4`."""
        return f"via {self.family.text}" + ("" if self.sizes == (None,) else f" size {self.size_text}")

    @property
    def size_text(self) -> str:
        """`4`, `learned`, `[2, 4]`."""
        texts = [str(size) for size in self.sizes]
        return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
