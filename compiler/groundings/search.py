"""Where the places of variables are looked for, and which choices of them are admitted."""

from ...lang.record import record
from .places import Place, ground


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
