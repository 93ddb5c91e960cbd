"""Groundings: where in a network the variables of an alignment live, as maps over sites, and where to look for them."""

from collections.abc import Iterable
from dataclasses import field, replace
from functools import lru_cache
from math import nan
from pathlib import Path
from typing import ClassVar, Literal

from ..lang.later import LATER
from ..lang.places import Family, Size, show_dims
from ..lang.record import record
from ..lang.sites.components import COMPONENTS, same_vector
from .row_layout import Position

FoundBy = Literal["given", "closed form", "search", "training"]
Positions = tuple[int | Position, ...]


@record
class Block:
    """One variable's dims in a frame: columns start .. stop-1 of its map."""

    variable: int
    start: int
    stop: int

    @property
    def size(self) -> int:
        return self.stop - self.start


@record
class Part:
    """Units of one activation: some `dims` of its `width` at some positions, as `Frame` has them."""

    component: str
    layer: int | None
    dims: tuple[int, ...]
    width: int
    positions: Positions = (0,)
    head: int | None = None

    @property
    def activation(self) -> tuple[str, int | None]:
        """The activation that it is a part of: component and layer."""
        return self.component, self.layer

    @property
    def vector(self) -> tuple[str, int | None]:
        """The vector of a run that it is a part of: the stream after a layer is that before the next."""
        return same_vector(self.component, self.layer)

    @property
    def units(self) -> int:
        """How many numbers of an input it is; of a site without positions those of one."""
        return len(self.dims) * max(1, len(self.positions))

    def meets(self, other: "Part") -> bool:
        """As `Frame.meets`."""
        if self.vector != other.vector:
            return False
        everywhere = any(isinstance(p, Position) and p.part == "all" for p in (*self.positions, *other.positions))
        return everywhere or bool({*self.positions} & {*other.positions}) or self.positions == other.positions

    @property
    def depth(self) -> float:
        """When it is computed: later ones have a larger depth; `nan`, which compares with nothing, of modules."""
        return COMPONENTS[self.component].depth(self.layer) if self.component in COMPONENTS else nan

    @property
    def site(self) -> str:
        """The site's name: `hidden[1]`, `logits`, `resid[2] @ 3`."""
        indices = ", ".join(str(index) for index in (self.layer, self.head) if index is not None)
        name = f"{self.component}[{indices}]" if indices else self.component
        if self.positions in ((0,), ()) and not self.component.startswith("resid"):
            return name
        return f"{name} @ {', '.join(dict.fromkeys(show_position(position) for position in self.positions))}"

    @property
    def text(self) -> str:
        """The site with its dims, where they are some of it."""
        whole = len(self.dims) == self.width or self.head is not None
        return self.site if whole else f"{self.site}[{show_dims(self.dims)}]"


def show_parts(parts: "tuple[Part, ...]") -> str:
    """One site by its name; the parts of a vector of several sites in brackets."""
    return parts[0].site if len(parts) == 1 else f"[{', '.join(part.text for part in parts)}]"


def _width_elsewhere(part: Part) -> int:
    """How wide a part's site must be in another network: 0, for any, where the part is of some of its dims."""
    return part.width if len(part.dims) == part.width else 0


@record
class Autoencoder:
    """A sparse autoencoder of vectors as wide as this, with so many features. Its path is for finding it.

    What the file holds is hashed where a step is keyed.
    """

    width: int
    features: int
    path: Path = field(compare=False)

    def count(self, dim: int) -> int:
        """The features of a vector that is read piece by piece."""
        return self.features * (dim // self.width)


@record
class Frame:
    """One map at one site, shared by the variables that live there, each in a block of its own.

    `dims` are the site's dims that the map sees (all of them where the spec names none) of its `width` (0 where only
    the network itself knows it: of modules, whose name holds their path, `module("model.layers.3")`); `positions` the
    tokens at which it reads them, one alone for a network without positions; of prompts they stay as written, since
    each prompt has its own. The map sees one vector, the positions' concatenation, or, where `shared`, each position's
    vector by itself with the same parameters (families).
    With `learned_size` the blocks' sizes are found by the fit, and theirs here are empty. A frame `inside` another sees
    that one's block in place of the site. Of an attention head, `head` names it; its dims say where in the site it is.
    An `autoencoder` is that of the family `sae`. Of a vector of several sites these are the first, and the others are
    `further`, in the order of the vector.
    """

    component: str
    layer: int | None
    dims: tuple[int, ...]
    width: int
    family: Family
    blocks: tuple[Block, ...]
    positions: Positions = (0,)
    shared: bool = False
    learned_size: bool = False
    inside: "Inside | None" = None
    head: int | None = field(default=None, metadata=LATER)
    further: tuple[Part, ...] = field(default=(), metadata=LATER)
    autoencoder: Autoencoder | None = field(default=None, metadata=LATER)
    keyed_often: ClassVar[bool] = True

    @property
    def parts(self) -> tuple[Part, ...]:
        """The sites whose concatenation is the vector that the map sees."""
        return (Part(self.component, self.layer, self.dims, self.width, self.positions, self.head), *self.further)

    def elsewhere(self) -> "Frame":
        """See `Grounding.elsewhere`."""
        further = tuple(replace(part, width=_width_elsewhere(part)) for part in self.further)
        return replace(self, width=_width_elsewhere(self.parts[0]), further=further)

    @property
    def scattered(self) -> bool:
        """Whether its vector is not all there in one activation of a run."""
        return bool(self.further) and len({part.activation for part in self.parts}) > 1

    def follows(self, other: "Frame") -> bool:
        """Whether its vector is computed after the other's: what is set there is seen here, and not the other way."""
        mine, theirs = ([part.depth for part in frame.parts] for frame in (self, other))
        return max(theirs) <= min(mine) and not max(mine) <= min(theirs)

    @property
    def size(self) -> int:
        """The features that the blocks take together."""
        return self.blocks[-1].stop

    @property
    def dim(self) -> int:
        """The length of the vector that the map sees."""
        if self.inside is not None:
            return self.inside.frame.blocks[self.inside.block].size
        return sum(len(part.dims) * (1 if self.shared else len(part.positions)) for part in self.parts)

    @property
    def features(self) -> int:
        """How many features blocks can have together."""
        return self.dim if self.autoencoder is None else self.autoencoder.count(self.dim)

    def meets(self, other: "Frame") -> bool:
        """Whether it reads positions of the same vector as another one; some of their dims may be the same then."""
        return any(part.meets(of_other) for part in self.parts for of_other in other.parts)

    @property
    def given(self) -> bool:
        """Whether nothing of the map is to be found: its one block is the site's dims themselves."""
        whole = len(self.blocks) == 1 and self.size == self.dim
        return self.family.name == "identity" and not self.learned_size and whole and not self.inside

    @property
    def found_by(self) -> FoundBy:
        """How a fit finds the map: not at all, in closed form, by searching dims, or by gradient descent."""
        if self.family.name in ("pca", "difference", "probe"):
            return "closed form"
        if self.family.name in ("identity", "sae") and not self.learned_size:
            return "given" if len(self.blocks) == 1 and self.size == self.features else "search"
        return "training"

    @property
    def site(self) -> str:
        """The site's name: `hidden[1]`, `logits`, `resid[2] @ 3`; of several `[hidden[1], hidden[2][0..3]]`."""
        return show_parts(self.parts)


@record
class Inside:
    """A block of another frame, whose map is fitted first and then stays as it is."""

    frame: Frame
    block: int


@record
class Grounding:
    """Where each variable of an alignment lives. Blocks name variables by their index."""

    frames: tuple[Frame, ...]

    @property
    def learned(self) -> bool:
        """Whether a map must be found."""
        return any(not frame.given for frame in self.frames)

    @property
    def families(self) -> tuple[str, ...]:
        """The families of the maps, each once: they are part of the verdict."""
        return tuple(dict.fromkeys(frame.family.text for frame in self.frames))

    def moved(self, places: "tuple[Place, ...]") -> "Grounding":
        """The same with some variables at other places, which are given."""
        moving = {place.variable for place in places}
        kept = (frame for frame in self.frames if not any(block.variable in moving for block in frame.blocks))
        return Grounding((*kept, *ground(places).frames))

    def elsewhere(self) -> "Grounding":
        """The same in another network, whose layers need not be as wide where only some of their dims are seen."""
        return Grounding(tuple(frame.elsewhere() for frame in self.frames))

    @property
    def places(self) -> dict[int, tuple[int, int]]:
        """The frame and the block of each variable that is placed, by their indices."""
        return {
            owner.variable: (index, block)
            for index, frame in enumerate(self.frames)
            for block, owner in enumerate(frame.blocks)
        }

    def find(self, variable: int) -> tuple[int, int]:
        """The frame and the block of a variable, by their indices. Raises KeyError where it is not placed."""
        return self.places[variable]


@record
class Place:
    """One variable at one concrete site, with the family and the size of its map.

    `dims`, `positions`, `shared` and `further` as in `Frame`; `size` None gives it all that the map sees.
    """

    variable: int
    component: str
    layer: int | None
    dims: tuple[int, ...]
    width: int
    family: Family
    size: Size
    positions: Positions = (0,)
    shared: bool = False
    inside: Inside | None = None
    head: int | None = field(default=None, metadata=LATER)
    further: tuple[Part, ...] = field(default=(), metadata=LATER)
    autoencoder: Autoencoder | None = field(default=None, metadata=LATER)

    @property
    def parts(self) -> tuple[Part, ...]:
        """As in `Frame`."""
        return (Part(self.component, self.layer, self.dims, self.width, self.positions, self.head), *self.further)

    @property
    def text(self) -> str:
        """The site and the size, as a search's table names them."""
        site = show_parts(self.parts) if self.further else self.parts[0].text
        return site + ("" if self.size is None else f" size {self.size}")


def ground(places: Iterable[Place]) -> Grounding:
    """Places as frames: variables at one site with one map share a frame, in disjoint blocks in order.

    Given dims are a frame of their own.
    """
    groups: dict[tuple[object, ...], list[Place]] = {}
    for place in places:
        given = place.family.name == "identity" and place.size is None
        alone = place.variable if given or place.size is None else -1
        at = (place.component, place.layer, place.dims, place.positions, place.shared, place.inside, place.further)
        file = None if place.autoencoder is None else place.autoencoder.path
        groups.setdefault((*at, file, place.family, place.size == "learned", alone), []).append(place)
    return Grounding(tuple(_frame(tuple(members)) for members in groups.values()))


def _frame(places: tuple[Place, ...]) -> Frame:
    """One frame; of the same places it is the same object, unless they have files, which are found by their paths."""
    plain = all(place.autoencoder is None and place.inside is None for place in places)
    return _plain_frame(places) if plain else _make_frame(places)


def _make_frame(places: tuple[Place, ...]) -> Frame:
    first = places[0]
    learned = first.size == "learned"
    frame = Frame(
        first.component,
        first.layer,
        first.dims,
        first.width,
        first.family,
        (),
        first.positions,
        first.shared,
        learned,
        first.inside,
        first.head,
        first.further,
        first.autoencoder,
    )
    blocks, start = [], 0
    for place in places:
        size = place.size if isinstance(place.size, int) else 0 if learned else frame.features
        blocks.append(Block(place.variable, start, start + size))
        start += size
    return replace(frame, blocks=tuple(blocks))


_plain_frame = lru_cache(maxsize=1 << 14)(_make_frame)


@record
class Search:
    """Where the places of an alignment's variables are looked for.

    Each line is one choice among alternatives, and an alternative places the line's variables; a line without a choice
    has one. `order` lists (parent, child) variables: a child's site comes strictly later.
    """

    lines: tuple[tuple[tuple[Place, ...], ...], ...]
    order: tuple[tuple[int, int], ...] = ()

    @property
    def open(self) -> bool:
        """Whether there is anything to choose."""
        return any(len(line) > 1 for line in self.lines)

    def places(self, chosen: tuple[int, ...]) -> tuple[Place, ...]:
        """The places under a choice of one alternative for each line, by variable."""
        found = [place for line, index in zip(self.lines, chosen, strict=True) for place in line[index]]
        return tuple(sorted(found, key=lambda place: place.variable))

    def admits(self, places: tuple[Place, ...]) -> bool:
        """Whether every child lies strictly later in the network than its parents, and no site is overfull."""
        depth = {p.variable: [(part.layer is None, part.layer or 0) for part in p.parts] for p in places}
        late = all(
            max(depth[parent]) < min(depth[child]) for parent, child in self.order if parent in depth and child in depth
        )
        return late and all(frame.size <= frame.features for frame in ground(places).frames)


def show_position(position: int | Position) -> str:
    """A position as a number, or as it is written."""
    return str(position) if isinstance(position, int) else position.text
