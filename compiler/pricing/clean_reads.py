"""What one unedited run is run for, where only what is read of it is kept: what it costs, and what is held of it."""

from ..experiments import Encoding
from ..groundings import Positions
from ..optimising.wanted import find_position, first_position, reads_backwards
from ..plan import NetworkSource
from ..schedule import CleanReads
from ..weigh_network import NetworkWeight, end_of, stage_of
from .distinct_inputs import Keys


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
        self.bases, self._backwards = early is not None or reads.alike, reads_backwards(source)
        self._begins = reads.begins if self.bases else ()

    @property
    def stop(self) -> int:
        """The stage that it comes to."""
        ends = (end_of(self._file.facts, site.component, site.layer) for site in self._sites)
        return max([self.stage, *ends, *(beginning.stage for beginning in self._begins)])

    def keys(self, sweeps: bool) -> Keys:
        """The keys and values that are kept of bases: in a sweep those of all that may begin there."""
        stage, early = self.stage, self.early or 0
        for beginning in self._begins if sweeps and early else ():
            stage = min(stage, beginning.stage)
            early = max(early, *(self._first(start) for start in beginning.starts))
        return stage, early

    def holds(self) -> dict[int, int]:
        """By stage, at how many positions of an input something is held."""
        return {stage: len(positions) for stage, positions in self._positions().items()}

    def flops(self, keys: Keys | None) -> int:
        """The operations: no further to the right than something is held; of the last stage only that, if it can be."""
        weight, held = self._weight, self._positions()
        right = max(1 + max(max(positions) for positions in held.values()), 0 if keys is None else keys[1])
        right = right if self._backwards else weight.positions
        flops = weight.run(0, self.stop) * right // weight.positions
        if self.stop == 0 or self.stop not in held or (keys is not None and keys[0] == self.stop):
            return flops
        return flops - weight.unread(right, len(held[self.stop]))

    def _positions(self) -> dict[int, set[int]]:
        """By stage, the positions at which something is held; of those that are not known as many others.

        Of a stage within which sites are read the run is whole.
        """
        length, found = self._weight.positions, dict[int, set[int]]()
        if self.early or (self.early is not None and all(one.stage != self.stage for one in self._begins)):
            found[self.stage] = set(range(self.early, length))
        for beginning in self._begins:
            first = self._first(beginning.positions) if self._backwards else 0
            found.setdefault(beginning.stage, set()).update(range(first, length))
        for site in self._sites:
            at = found.setdefault(stage_of(self._file.facts, site.component, site.layer), set())
            for position in site.positions:
                known = find_position(position, self._file, self._encoding, length)
                left = [index for index in reversed(range(length)) if index not in at]
                at.update(known or left[:1])
        return {self.stage: {length - 1}} | found

    def _first(self, positions: Positions) -> int:
        return first_position(positions, self._file, self._encoding, self._weight.positions)
