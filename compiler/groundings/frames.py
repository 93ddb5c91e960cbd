"""Frames: a map at a site, or at several, with a block of features for each variable; all of them are a grounding."""

from dataclasses import field, replace
from pathlib import Path
from typing import ClassVar, Literal

from ...lang.later import LATER
from ...lang.places import Family
from ...lang.record import record
from .parts import Part, Positions, show_parts

FoundBy = Literal["given", "closed form", "search", "training"]


@record
class Block:
    """One variable's dims in a frame: columns start .. stop-1 of its map."""

    variable: int
    start: int
    stop: int

    @property
    def size(self) -> int:
        return self.stop - self.start


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
