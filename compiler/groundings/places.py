"""Places of single variables, and the frames that they make together."""

from collections.abc import Iterable
from dataclasses import field, replace
from functools import lru_cache

from ...lang.later import LATER
from ...lang.places import Family, Size
from ...lang.record import record
from .frames import Autoencoder, Block, Frame, Grounding, Inside
from .parts import Part, Positions, show_parts


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


def move(grounding: Grounding, places: tuple[Place, ...]) -> Grounding:
    """The same grounding with some variables at other places, which are given."""
    moving = {place.variable for place in places}
    kept = (frame for frame in grounding.frames if not any(block.variable in moving for block in frame.blocks))
    return Grounding((*kept, *ground(places).frames))


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
