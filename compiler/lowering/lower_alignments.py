"""From an alignment's placements to concrete places: sites resolved on a network, regions as lists of alternatives."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product

from ...lang.places import Family, Placement, Position, Region, Site, Size
from ...lang.program import Alignment, Program
from ..causal_model import CausalModel
from ..experiments import NetworkFile
from ..groundings import Inside, Part, Place, Positions, Search, ground
from ..positions import resolve_positions
from .site_widths import site_width

Via = tuple[Family, tuple[Size, ...]]


def lower_search(
    program: Program,
    alignment: Alignment,
    models: Mapping[str, CausalModel],
    file: NetworkFile,
    via: Via | None = None,
    task: str | None = None,
) -> Search:
    """Every line's alternatives; `via` replaces the families of all placements, and the sizes if it states one.

    `task` is named where the program has no such model: an effect may be at a task without any.
    """
    model = models[alignment.model]
    task = program.models[alignment.model].task if task is None else task
    lowering = _Places(program, alignment, models, file, task)
    variables = alignment.variables
    lines: dict[int, list[tuple[int, Placement]]] = {}
    for index, placement in enumerate(alignment.placements):
        changed = placement.under(via)
        together = isinstance(placement.place, Region)
        lines.setdefault(placement.line if together else -1 - index, []).append((index, changed))
    order = [
        (variables.index(parent), variables.index(child))
        for child in variables
        for parent in _ancestors(model, child)
        if parent in variables
    ]
    return Search(tuple(tuple(lowering.alternatives(line)) for line in lines.values()), tuple(sorted(order)))


class _Places:
    """One alignment on one network."""

    def __init__(
        self, program: Program, alignment: Alignment, models: Mapping[str, CausalModel], file: NetworkFile, task: str
    ) -> None:
        self.program, self.models, self.file, self.facts = program, models, file, file.facts
        self.model = models[alignment.model]
        self.tokens, self.spoken = program.tasks[task].tokens, file.spoken.get(task)

    def alternatives(self, line: list[tuple[int, Placement]]) -> Iterator[tuple[Place, ...]]:
        """The places of a line's variables, for every site of its region and every size."""
        (_, first), *_ = line
        for site, size in product(self.sites(first), first.sizes):
            yield tuple(self.place(index, p, self.sites_of(p, site), size) for index, p in line)

    def sites_of(self, placement: Placement, chosen: Site) -> tuple[Site, ...]:
        """A placement's site, of a family each member's; in a region at the site that is chosen."""
        if not isinstance(placement.place, Region):
            return placement.members or (placement.site,)
        if not placement.memberwise:
            return (chosen,)
        return tuple(replace(chosen, positions=(position,)) for position in chosen.positions)

    def sites(self, placement: Placement) -> Iterator[Site]:
        """The site of a placement, or every site of its region."""
        region = placement.place
        if isinstance(region, Site):
            yield region
            return
        for part in region.parts:
            dims: list[tuple[int, ...] | None] = [None]
            for layer, head in product(self.layers(part), self.heads(part)):
                if part.dims is not None:
                    width = site_width(Site(part.component, layer, module=part.module), self.facts)
                    assert width is not None or part.dims != "each", "checked against the network"
                    dims = [(d,) for d in range(width or 0)] if part.dims == "each" else list(part.dims)
                for entry, positions in product(dims, self.positions(part)):
                    yield Site(part.component, layer, entry, positions, head=head, module=part.module)

    def layers(self, region: Region) -> list[int | None]:
        """The layers of a region; all that the network has for `*`."""
        if region.layers is None:
            return list(self.facts.layers(region.component))
        return list(region.layers) or [None]

    def heads(self, region: Region) -> list[int | None]:
        """The heads of a region; all that the network has for `*`."""
        if region.heads is None:
            return list(range(self.facts.heads_of(region.component)))
        return list(region.heads) or [None]

    def positions(self, region: Region) -> list[tuple[Position, ...]]:
        """The positions of each alternative; for `*` all that every input has."""
        if region.positions is None:
            tokens = len(self.tokens) if self.spoken is None else self.spoken.positions
            return [(Position(index=index),) for index in range(self.facts.positions(tokens) or 1)]
        if region.memberwise:
            return [region.positions]
        return [(position,) for position in region.positions] or [()]

    def resolve(self, written: tuple[Position, ...]) -> Positions:
        """Positions in the network; of prompts as they are written, since each prompt has its own.

        All tokens of a slot are one position each, told apart by their index in it.
        """
        if self.spoken is not None and self.spoken.prompt is not None:
            counts = dict(self.spoken.even)
            each = ((p, range(counts.get(p.slot, 0)) if p.part == "all" else ()) for p in written)
            return tuple(q for p, tokens in each for q in ([replace(p, index=t) for t in tokens] or [p]))
        return resolve_positions(written, self.tokens, self.facts)

    def is_uneven(self, position: int | Position) -> bool:
        """Whether it stands for as many tokens as each prompt has there: each is then exchanged by itself."""
        several = isinstance(position, Position) and position.part == "all" and position.index is None
        return several and self.spoken is not None

    def place(self, index: int, placement: Placement, sites: tuple[Site, ...], size: Size) -> Place:
        """One variable at its site; a family's members each at their own, with one map."""
        site, *_ = sites
        if site.inside is not None:
            return self.place_inside(index, placement, site.inside, size)
        together = (sites,) if site.at_one_place else tuple((part,) for part in site.parts)
        first, *further = map(self.part, together)
        place = Place(
            index,
            first.component,
            first.layer,
            first.dims,
            first.width,
            placement.family,
            size,
            first.positions,
            placement.memberwise or any(map(self.is_uneven, first.positions)),
            head=first.head,
            further=tuple(further),
            autoencoder=None if placement.family.path is None else self.file.autoencoders[placement.family.path],
        )
        return self.sized(place, placement)

    def part(self, sites: tuple[Site, ...]) -> Part:
        """The units of sites that differ in their positions only, each of heads and dims of one activation."""
        site, *_ = sites
        width = site_width(site, self.facts)
        if site.module is not None and (site.dims is not None or width is None):
            width = 0  # what its dims are is said, or not known before it is run
        assert width is not None, "checked against the network"
        dims = tuple(dim for part in site.parts for dim in self.dims_of(part, width))
        if site.head is not None:
            width *= self.facts.heads_of(site.component)
        positions = self.resolve(tuple(position for member in sites for position in member.positions))
        return Part(site.name, site.layer, dims, width, positions, None if site.joined else site.head)

    def dims_of(self, site: Site, width: int) -> tuple[int, ...]:
        """A site's dims in its component's activation, in which heads stand side by side, each so wide."""
        first = 0 if site.head is None else site.head * width
        return tuple(first + dim for dim in (range(width) if site.dims is None else site.dims))

    def place_inside(self, index: int, placement: Placement, inside: tuple[str, str], size: Size) -> Place:
        """A place within the block of another alignment's variable."""
        outer = self.program.alignments[inside[0]]
        search = lower_search(self.program, outer, self.models, self.file)
        frames = ground(search.places((0,) * len(search.lines))).frames
        variable = outer.variables.index(inside[1])
        frame, block = next((f, b) for f in frames for b, owner in enumerate(f.blocks) if owner.variable == variable)
        place = Place(
            index,
            frame.component,
            frame.layer,
            frame.dims,
            frame.width,
            placement.family,
            size,
            frame.positions,
            frame.shared,
            Inside(frame, block),
            frame.head,
            frame.further,
        )
        return self.sized(place, placement)

    def sized(self, place: Place, placement: Placement) -> Place:
        """A size for the families that have one of their own: one direction, or one fewer than there are values."""
        if place.size is not None or place.family.name not in ("difference", "probe"):
            return place
        values = self.model.domains[placement.variable].size
        room = ground([replace(place, size=None)]).frames[0].dim
        return replace(place, size=1 if place.family.name == "difference" else max(1, min(values - 1, room)))


def _ancestors(model: CausalModel, variable: str) -> set[str]:
    found: set[str] = set()
    waiting = [variable]
    while waiting:
        for parent in model.parents.get(waiting.pop(), ()):
            if parent not in found:
                found.add(parent)
                waiting.append(parent)
    return found
