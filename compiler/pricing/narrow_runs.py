"""The runs of a step of whose unedited runs only what is read is kept: how many there are, and how far they go."""

from collections.abc import Iterable

import numpy as np

from ..schedule import Schedule
from .clean_reads import SINCE, Course
from .distinct_inputs import DistinctInputs, Hashes, Keys, Kind, is_keys
from .plan_rows import Rows
from .prices import Price
from .running import Network
from .runs import Runs


def open_runs(network: Network, schedule: Schedule, seen: DistinctInputs) -> Runs:
    """The runs of a step on a network, as its schedule has them."""
    return (NarrowRuns if schedule.narrow else Runs)(network, schedule, seen)


class NarrowRuns(Runs):
    """Each distinct input is run once where it is read and once where it is a base, for all that the plan says."""

    def capture(self, rows: Rows, role: int, stage: int, some: int | None = None) -> None:
        """See `Runs.capture`."""
        self._run(rows, role, self._course(stage, None), some)

    def keep_bases(self, rows: Rows, role: int, stage: int, some: int | None, early: int) -> None:
        """See `Runs.keep_bases`: keys and values are kept of the same run, or else are run for from the tokens."""
        course = self._course(stage, early)
        run = self._run(rows, role, course, some)
        if not early:
            return
        first, length = keys = course.keys(self.schedule.sweeps)
        new = self.keep_keys(rows, role, keys)
        if new is not None and run is not None:
            again = len(np.setdiff1d(new, run, assume_unique=True))
            before = self.weight.run(0, first) * length // self.weight.positions
            self.note((self.network.key, rows.encode, None), Price(flops=again * before))

    def keep_answers(self, rows: Rows, role: int) -> None:
        """See `Runs.keep_answers`: each input goes on from where it is kept as a base."""
        weight, hashes, where = self.weight, rows.hashes(role), self.where(("answers", self.weight.last))
        left = None if hashes is None else self.seen.new(where, hashes)
        self.network.keep(None, (rows.most if left is None else len(left)) * weight.heads * weight.width)
        price = Price()
        if left is not None:
            self.seen.add(where, left)
            for stage in reversed(range(weight.last)):
                there, left = left, self.seen.new(self.where(("bases", stage)), left)
                price = price.plus(self._answer_from(np.setdiff1d(there, left, assume_unique=True), stage))
        count = rows.most if left is None else len(left)
        whole = weight.run(0, weight.last) - weight.unread(weight.positions)
        price = price.plus(Price(clean=count, flops=count * whole))
        self.note((self.network.key, rows.encode, weight.last), price)

    def _course(self, stage: int, early: int | None) -> Course:
        """An unedited run of which a stage is wanted: of bases from a position on."""
        assert self.schedule.reads is not None
        network = self.network
        return Course(self.schedule.reads, stage, early, network.source, network.encoding, self.weight)

    def _run(self, rows: Rows, role: int, course: Course, some: int | None) -> Hashes | None:
        """Run those of a role's inputs that lack what is wanted; these inputs, None where they are too many to list."""
        hashes, bases = rows.hashes(role), course.early is not None
        new = (
            None if hashes is None else self.seen.new(self.where(("bases" if bases else "reads", course.stage)), hashes)
        )
        count = rows.most if new is None else len(new)
        if new is not None and some is not None and some < rows.count:  # which of them is drawn later
            count = min(some, count)
        elif new is not None:
            self._keep(course, new)
        keys = course.keys(self.schedule.sweeps) if course.early else None
        price = Price(clean=count, flops=count * course.flops(keys))
        self.note((self.network.key, rows.encode, course.stage), price)
        return new

    def _keep(self, course: Course, inputs: Hashes) -> None:
        """Note what is held of inputs that are run."""
        held = course.holds()
        for place, numbers in held.items():
            stage, how = place
            lacking = self.seen.new(self.where(("bases" if how == SINCE else "reads", stage)), inputs)
            self.network.keep(place, len(lacking) * numbers)
        for stage in {course.stage, *(stage for stage, _ in held)}:
            kinds: list[Kind] = [("reads", stage)]
            kinds += [("bases", stage)] if stage in course.begins else []
            for kind in kinds:
                self.seen.add(self.where(kind), self.seen.new(self.where(kind), inputs))

    def _answer_from(self, inputs: Hashes, stage: int) -> Price:
        """Runs to the last stage of inputs that are kept as bases at one, after the longest keys and values of each."""
        price, weight = Price(), self.weight
        for keys in (*sorted(self._keys(stage), key=lambda at: -at[1]), (0, 0)):
            left, early = self.seen.new(self.where(keys), inputs) if keys[1] else inputs[:0], keys[1]
            flops = weight.run(stage, weight.last)
            flops -= flops * early // weight.positions + weight.unread(weight.positions - early)
            price = price.plus(Price(flops=(len(inputs) - len(left)) * flops))
            inputs = left
        return price

    def _keys(self, stage: int) -> Iterable[Keys]:
        """What keys and values are kept for runs from a stage on."""
        known = [at for network, fed, at in self.seen.known if (network, fed) == self.where(0)[:2]]
        return [at for at in known if is_keys(at) and at[0] <= stage]
