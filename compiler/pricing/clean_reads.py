"""What one unedited run is run for, where only what is read of it is kept: what it costs, and what is held of it."""

from ...lang.sites.components import COMPONENTS
from ..experiments import Encoding
from ..groundings import Positions
from ..network_facts import BETWEEN_LAYERS, TransformerFacts
from ..optimising.wanted import find_position, first_position, reads_backwards
from ..plan import NetworkSource
from ..schedule import CleanReads, SiteRead
from ..weigh_network import NetworkWeight, end_of, stage_of
from .distinct_inputs import Keys

Place = tuple[int, str | None]
"""A stage whose state is held where it is read (None) or from a position on, or a component within it."""
SINCE = "since"


class Course:
    """One unedited run of inputs of which a stage is wanted; of bases, where `early` tells from which position on."""

    def __init__(
        self,
        reads: CleanReads,
        stage: int,
        early: int | None,
        source: NetworkSource,
        encoding: Encoding,
        weight: NetworkWeight,
    ) -> None:
        self.stage, self.early = stage, early
        self._file, self._encoding, self._weight = source.file, encoding, weight
        self._sites = [site for site in reads.sites if site.component != "logits"]
        self._backwards = reads_backwards(source)
        self._begins = reads.begins if early is not None or reads.alike else ()

    @property
    def stop(self) -> int:
        """The stage that it comes to."""
        ends = (end_of(self._file.facts, site.component, site.layer) for site in self._sites)
        return max([self.stage, *ends, *(beginning.stage for beginning in self._begins)])

    @property
    def begins(self) -> set[int]:
        """The stages where edited runs may begin then."""
        return {beginning.stage for beginning in self._begins} | (set() if self.early is None else {self.stage})

    def keys(self, sweeps: bool) -> Keys:
        """The keys and values that are kept of bases: in a sweep those of all that may begin there."""
        stage, early = self.stage, self.early or 0
        for beginning in self._begins if sweeps and early else ():
            stage = min(stage, beginning.stage)
            early = max(early, *(self._first(start) for start in beginning.starts))
        return stage, early

    def holds(self) -> dict[Place, int]:
        """How many numbers of an input are held at each place."""
        return {place: len(positions) * self._width(place) for place, positions in self._positions().items()}

    def flops(self, keys: Keys | None) -> int:
        """The operations: no further to the right than something is held; of the last stage only that, if it can be."""
        weight, held = self._weight, self._positions()
        right = max(1 + max(max(positions) for positions in held.values()), 0 if keys is None else keys[1])
        right = right if self._backwards else weight.positions
        flops = weight.run(0, self.stop) * right // weight.positions
        last = sum(len(held.get((self.stop, how), ())) for how in (None, SINCE))
        if self.stop == 0 or not last or (keys is not None and keys[0] == self.stop):
            return flops
        return flops - weight.unread(right, last)

    def _positions(self) -> dict[Place, set[int]]:
        """The positions at which something is held; of those that are not known as many others."""
        length, found = self._weight.positions, dict[Place, set[int]]()
        if self.early or (self.early is not None and all(one.stage != self.stage for one in self._begins)):
            found[self.stage, SINCE] = set(range(self.early, length))
        for beginning in self._begins:
            first = self._first(beginning.positions) if self._backwards else 0
            found.setdefault((beginning.stage, SINCE), set()).update(range(first, length))
        for site in self._sites:
            stage = stage_of(self._file.facts, site.component, site.layer)
            at = found.setdefault((stage, self._inner(site)), set())
            for position in site.positions:
                known = find_position(position, self._file, self._encoding, length)
                left = [index for index in reversed(range(length)) if index not in at]
                at.update(known or left[:1])
        return found or {(self.stage, None): {length - 1}}

    def _inner(self, site: SiteRead) -> str | None:
        """The component of a site within a stage."""
        return None if site.component in BETWEEN_LAYERS else site.component

    def _width(self, place: Place) -> int:
        """How many numbers are held at a position."""
        facts, (stage, component) = self._file.facts, place
        if component not in COMPONENTS or not isinstance(facts, TransformerFacts):
            return self._weight.width
        return (facts.width(component, stage) or self._weight.width) * max(1, facts.heads_of(component))

    def _first(self, positions: Positions) -> int:
        return first_position(positions, self._file, self._encoding, self._weight.positions)
