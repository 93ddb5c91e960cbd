"""The runs of one step by its schedule: how many passes they take, and what is kept of them for others.

Engines obey the same schedules. Of captured runs each distinct input is run once up to each stage at which it is read;
any other run is made as often as it is asked for.
"""

from collections.abc import Sequence

from ..schedule import Schedule
from .distinct_inputs import DistinctInputs, Hashes, Keys, Kind, Where, is_keys
from .plan_rows import Rows
from .prices import Price
from .run_costs import RunCosts
from .running import Network

Capture = tuple[str, str, int | None]
"""A capture by its network's key, the key of its Encode step, and its stage (None: keys and values)."""


class Runs:
    """The runs of one step on a network, by the step's schedule; what captures cost is noted apart.

    `part_of` are the step's runs where these are others of it, whose inputs no Capture step covers: what is kept of
    them is their own price.
    """

    def __init__(
        self, network: Network, schedule: Schedule, seen: DistinctInputs, part_of: "Runs | None" = None
    ) -> None:
        self.network, self.schedule, self.seen, self.part_of = network, schedule, seen, part_of
        self.weight, self.costs = network.weight, RunCosts(network, schedule)
        self.own = Price()
        self.captures: dict[Capture, Price] = {}

    def spend(self, price: Price) -> None:
        """Note what the step itself runs."""
        self.own = self.own.plus(price)

    def part(self, network: Network) -> "Runs":
        """Other runs of the step, on a network or fed in a way of their own; what they cost is to be spent here."""
        schedule = self.schedule if network.source == self.network.source else self.schedule.elsewhere
        return type(self)(network, schedule, self.seen, self)

    # --- unedited runs ---------------------------------------------------------------------------------------------

    def read(
        self, rows: Rows, role: int, stage: int, runs: int, some: int | None = None, passed: Sequence[int] = ()
    ) -> None:
        """Unedited runs of a role's inputs that are read at a stage, so many; of `some` rows where not of all.

        They are read at the stages that they have `passed`, too.
        """
        if self.schedule.captured:
            for each in (*passed, stage):
                self.capture(rows, role, each, some)
        else:
            self.spend(self.clean(runs, stage))

    def answer(self, rows: Rows, role: int) -> None:
        """Unedited runs of a role's inputs up to their answers."""
        weight = self.weight
        self.hold(rows.count)
        if self.schedule.suffixes and not weight.forced:
            self.keep_answers(rows, role)
            self.spend(Price(flops=rows.count * self.costs.heads()))
        else:
            whole = weight.run(0, weight.last) + self.costs.heads()
            self.spend(Price(clean=rows.count, flops=rows.count * whole))

    def begin(self, rows: Rows, role: int, stage: int, some: int | None = None, early: int = 0) -> None:
        """What is run before edited runs of a role's inputs can begin at a stage, after so many `early` positions."""
        if self.schedule.suffixes and self.weight.forced:  # what is fed after the prompt depends on the label
            self.note((self.network.key, rows.encode, stage), self.clean(rows.count, stage))
            if early:
                self.keep_keys(rows, role, (stage, early))
        else:
            self.keep_bases(rows, role, stage, some, early)

    def keep_bases(self, rows: Rows, role: int, stage: int, some: int | None, early: int) -> None:
        """Keep what edited runs of a role's inputs begin with."""
        if self.schedule.suffixes:
            self.capture(rows, role, stage, some)
        if early:
            self.keep_keys(rows, role, (stage if self.schedule.suffixes else 0, early))

    def keep_answers(self, rows: Rows, role: int) -> None:
        """Keep the last state of a role's inputs, of which answers are read."""
        self.capture(rows, role, self.weight.last)

    def keep_keys(self, rows: Rows, role: int, keys: Keys) -> Hashes | None:
        """Keep keys and values of a role's inputs; in a sweep those of more stages and positions do as well.

        The inputs whose were not kept; None where inputs are too many to list.
        """
        new, (first, early) = rows.hashes(role), keys
        if new is not None:
            held = [at for network, fed, at in self.seen.known if (network, fed) == self.where(0)[:2]]
            for known in [at for at in held if is_keys(at) and at[0] <= first and at[1] >= early]:
                if self.schedule.sweeps or known == keys:
                    new = self.seen.new(self.where(known), new)
            self.seen.add(self.where(keys), new)
        count = rows.most if new is None else len(new)
        flops = self.weight.run(first, self.weight.last) * early // self.weight.positions
        flops -= 2 * self.weight.after * early  # of the last stage keys and values alone
        clean = 0 if self.schedule.suffixes else count
        self.note((self.network.key, rows.encode, None), Price(clean=clean, flops=count * flops))
        return new

    def capture(self, rows: Rows, role: int, stage: int, some: int | None = None) -> None:
        """Keep what a role's inputs have at a stage; those that are kept cost nothing."""
        hashes, where = rows.hashes(role), self.where(stage)
        if hashes is None:
            price = self.clean(rows.most, stage)
        else:
            new = self.seen.new(where, hashes)
            price = self._go_on(new, stage)
            if some is None or some >= rows.count:
                self.seen.add(where, new)
            elif some < len(new):  # which of them is drawn later: none is known from now on
                price = self.clean(some, stage)
        self.note((self.network.key, rows.encode, stage), price)

    def _go_on(self, new: Hashes, stage: int) -> Price:
        """Runs of inputs up to a stage, in a sweep each from the deepest of its states that is kept."""
        price, left = Price(), new
        for first in reversed(range(stage)) if self.schedule.sweeps else ():
            there = len(left)
            left = self.seen.new(self.where(first), left)
            price = price.plus(Price(flops=(there - len(left)) * self.costs.up_to(first, stage)))
        return price.plus(self.clean(len(left), stage))

    def clean(self, count: int, stage: int) -> Price:
        """So many unedited runs up to a stage."""
        return Price(clean=count, flops=count * self.costs.up_to(0, stage))

    def where(self, what: int | Keys | Kind) -> Where:
        """What is run, or held, of the network as it is fed."""
        return self.network.key, self.network.encoding, what

    def note(self, capture: Capture, price: Price) -> None:
        """Note what a capture costs."""
        if self.part_of is not None:
            self.spend(price)
            return
        self.captures[capture] = self.captures.get(capture, Price()).plus(price)

    # --- edited runs -----------------------------------------------------------------------------------------------

    def intervene(self, count: int, stage: int, declared: bool = False, early: int = 0) -> None:
        """So many intervened runs, the first edit at a stage, for the logits of declared classes or of all.

        Of so many `early` positions keys and values are kept.
        """
        self.hold(count)
        first = stage if self.schedule.suffixes else 0
        each = self.costs.answered_from(first, declared, early) - self.costs.unread(stage, early)
        self.spend(Price(forward=count, flops=count * each))

    def descend(self, count: int, stage: int, declared: bool = False, early: int = 0) -> None:
        """So many ways back from a loss to edits: weights are frozen, so that they cost what the way there does."""
        each = self.costs.answered_from(stage, declared, early) - self.costs.unread(stage, early)
        self.spend(Price(backward=count, flops=count * each))

    def hold(self, count: int, kept_stages: int = 0, at_once: int | None = None) -> None:
        """Note a batch of so many items, as many at once as the schedule says."""
        everywhere = self.schedule.logits == "everywhere"
        self.network.hold(count, self.schedule.at_once if at_once is None else at_once, kept_stages, everywhere)
