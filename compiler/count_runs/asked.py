"""The runs that are asked for: of one item, of a metric, and by all scores on the same items together."""

from dataclasses import dataclass, field

from ...lang.record import record
from ..metrics import FilledText
from ..terms import Run

Read = tuple[int, int]
"""A role of the item (0: the base, j: the source of variable j), and the stage at which its run is read."""


@dataclass
class Asked:
    """The runs of one item, each as often as it is asked for.

    `reads` are read at a stage, `answers` at their logits, by role; `bases` are where intervened runs begin, by role
    and first edited stage. `passed` are stages before that of a read at which the same run is read, too. `fed` counts
    runs on inputs that are made for the score, `fed_reads` those that are only read at a stage. `natural` are the
    stages at which natural inputs are read. `elsewhere` are other networks, by name, each with the stage at which the
    base's run is read in it. `moved` are variables that are read in another network, with the role, and taken here by a
    map that is fitted.
    """

    reads: list[Read] = field(default_factory=list)
    passed: list[Read] = field(default_factory=list)
    bases: list[Read] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    fed: list[int] = field(default_factory=list)
    fed_reads: list[int] = field(default_factory=list)
    natural: list[int] = field(default_factory=list)
    elsewhere: list[tuple[str, int]] = field(default_factory=list)
    moved: list[tuple[str, int]] = field(default_factory=list)

    def passed_by(self, role: int) -> list[int]:
        """The stages at which a role's run is read before the last one, in order."""
        return sorted({stage for other, stage in self.passed if other == role})


@record
class AskedMetric:
    """What a metric asks for of the runs of one item: each of them once for each of these.

    `plain` at the end of the prompt; `texts`, each behind the prompt, with so many tokens; `generated` once for each
    token up to `limit` (0: nothing is generated). What runs set is read as often; `plain` holds what is natural.
    """

    plain: Asked
    texts: tuple[tuple[FilledText, int, Asked], ...]
    generated: Asked
    limit: int


@dataclass
class SharedRuns:
    """The runs that scores on the same items have asked for so far: each is made once, whichever of them need it.

    `known` are runs by what they are fed behind the prompt (None: nothing); `read_at` is the first stage at which a run
    is read for others.
    """

    known: set[tuple[object, Run]] = field(default_factory=set)
    read_at: dict[Run, int] = field(default_factory=dict)

    def is_new(self, text: object, run: Run) -> bool:
        """Whether a run was not asked for before; from now on it was."""
        new = (text, run) not in self.known
        self.known.add((text, run))
        return new
