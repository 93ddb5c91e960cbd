"""Parts of activations: some dims of a site at some positions, and how they are written."""

from math import nan

from ...lang.places import show_dims
from ...lang.record import record
from ...lang.sites.components import COMPONENTS, same_vector
from ..row_layout import Position

Positions = tuple[int | Position, ...]


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


def show_position(position: int | Position) -> str:
    """A position as a number, or as it is written."""
    return str(position) if isinstance(position, int) else position.text
