"""What one run costs: its operations from one stage to another and of its logits, under a schedule."""

from ...lang.record import record
from ..schedule import Schedule
from .running import Network


@record
class RunCosts:
    """The operations of one run of a network by a schedule."""

    network: Network
    schedule: Schedule

    def up_to(self, first: int, stage: int) -> int:
        """The operations of an unedited run from one stage to another, and beyond if it does not end there."""
        weight = self.network.weight
        return weight.run(first, stage) if self.schedule.exits else weight.run(first, weight.last) + self.every()

    def answered_from(self, first: int, declared: bool, early: int) -> int:
        """The operations of a run from a stage to the logits, without the first positions."""
        weight = self.network.weight
        stages = weight.run(first, weight.last)
        return stages - stages * early // weight.positions + self.heads(declared)

    def unread(self, stage: int, early: int) -> int:
        """The operations of the last stage that a run is spared which is edited before it, and read where it answers.

        One that is edited at the last stage may be edited within it: it counts as spared none.
        """
        if self.schedule.logits == "everywhere" or stage >= self.network.weight.last - 1:
            return 0
        return self.network.weight.unread(self.network.weight.positions - early)

    def heads(self, declared: bool = False) -> int:
        """The operations of the logits of one run."""
        if self.schedule.logits == "everywhere":
            return self.every()
        narrow = declared and self.schedule.logits == "declared" and self.network.spoken
        return self.network.weight.answer(len(self.network.encoding.declared) if narrow else None)

    def every(self) -> int:
        """The operations of all logits of one run."""
        weight = self.network.weight
        return 2 * weight.head * weight.classes * weight.positions
