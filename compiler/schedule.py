"""Schedules: how the runs of a step are run. They change nothing of what a step gives, and enter no key."""

from dataclasses import replace
from typing import Literal

from ..lang.record import record
from .groundings import Positions

Logits = Literal["everywhere", "where read", "declared"]


@record
class SiteRead:
    """A site that is read in unedited runs, and at which positions."""

    component: str
    layer: int | None
    positions: Positions


@record
class Beginning:
    """A stage where edited runs begin: each at the first of its positions, or of those where answers are read."""

    stage: int
    starts: tuple[Positions, ...]

    @property
    def positions(self) -> Positions:
        """The positions of all of them."""
        return tuple(position for start in self.starts for position in start)


@record
class CleanReads:
    """What the steps of a plan read of unedited runs, of the same inputs.

    `begins` are where edited runs of bases begin; if `alike`, other inputs may be read there, too.
    """

    sites: tuple[SiteRead, ...] = ()
    begins: tuple[Beginning, ...] = ()
    alike: bool = False


@record
class Schedule:
    """How a step runs a network; as it stands here every run is whole, and nothing of it is kept.

    - `captured`: what unedited runs are read for is computed once for each distinct input, and kept for all steps;
    - `exits`: an unedited run ends at the stage where it is read, else with the logits;
    - `suffixes`: a run with edits begins at the first edited stage, with the state that an unedited run has there, and
      an answer is given by the captured state of the last stage; else both begin with the tokens;
    - `prefixes`: where no position reads a later one, positions before the first edited or read one enter as keys and
      values of an unedited run, else they are run again;
    - `logits`: at every position, at those where answers are read, or there for declared answers alone where nothing
      else is asked for (in fits); where not at every one, the last layer is run where it is read alone, if it can be;
    - `at_once`: how many items are run together at most;
    - `sweeps`: runs that are read at one site after the other go on from each other: sites are taken from the input to
      the output and from the last position to the first, states start from the deepest one that is kept, and the keys
      and values of fewer positions are a part of those of more;
    - `reads`: of unedited runs only what is read is kept, all that the plan reads of the same inputs of one run; None:
      whole states are kept, from which other runs go on;
    - `restarts`: how many restarts of a training take their steps together, as one batch, at most;
    - `beside`: the keys of the fits, its own among them, of which all restarts do so (none: it trains alone).
    """

    captured: bool = False
    exits: bool = False
    suffixes: bool = False
    prefixes: bool = False
    logits: Logits = "everywhere"
    at_once: int = 1
    sweeps: bool = False
    restarts: int = 1
    beside: tuple[str, ...] = ()
    reads: CleanReads | None = None

    @property
    def narrow(self) -> bool:
        """Whether only what is read of unedited runs is kept."""
        return self.reads is not None and self.captured and self.exits and self.suffixes

    @property
    def elsewhere(self) -> "Schedule":
        """The schedule of the step's runs of a network that is not its own, of which it is not told what is read."""
        return self if self.reads is None else replace(self, reads=CleanReads())


NAIVE = Schedule()
"""Every run whole, one after the other."""

WHOLE = Schedule(True, True, True, True, "declared", 1, True)
"""Every way of computing less, one item at a time."""


def say_schedule(schedule: Schedule) -> str:
    """A schedule in words."""
    kept = "once for each distinct input" if schedule.captured else "as often as they are read"
    kept += ", of which the positions that are read are kept" if schedule.narrow else ""
    ends = "no further than they are read" if schedule.exits else "to the logits"
    begins = "at the first edited stage" if schedule.suffixes else "with the tokens"
    later = ", after keys and values of the positions before" if schedule.prefixes else ""
    where = {"everywhere": "of all positions", "where read": "where read", "declared": "of declared answers where read"}
    sweep = "; sites go on from each other" if schedule.sweeps else ""
    together = f"; {schedule.restarts} restarts side by side" if schedule.restarts > 1 else ""
    beside = f", of {len(schedule.beside)} fits" if schedule.beside else ""
    return (
        f"unedited runs {kept}, {ends}; edited ones begin {begins}{later}; logits {where[schedule.logits]};"
        f" at most {schedule.at_once:,} items at once{sweep}{together}{beside}"
    )
