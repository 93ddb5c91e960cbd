"""What runs cost under a step's schedule: the passes that it takes for what is asked, and the operations of each.

The engines obey the same schedules. Of captured runs each distinct input is run once up to each stage at which it is
read; any other run is made as often as it is asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from ..budgets import CHUNK
from ..causal_model import Codes
from ..count_runs import Asked, AskedMetric
from ..experiments import Encoding
from ..keys import content_key
from ..network_facts import TransformerFacts
from ..optimising.wanted import reads_backwards
from ..plan import NetworkSource, Plan
from ..schedule import Schedule
from ..terms import Run, inputs_read
from ..weigh_network import NetworkWeight, weigh_network
from .clean_reads import Course, Place
from .distinct_inputs import DistinctInputs, Hashes, Keys, Kind, Where, hash_inputs, is_keys
from .plan_rows import Rows, open_natural, open_rows
from .prices import Price

Capture = tuple[str, str, int | None]
"""A capture by its network's key, the key of its Encode step, and its stage (None: keys and values)."""


@dataclass
class Running:
    """What runs so far: the distinct inputs of every network, and the networks with how they are fed.

    `replied` are inputs whose generated texts a store has, by evaluation and run.
    """

    seen: DistinctInputs = field(default_factory=DistinctInputs)
    networks: "dict[tuple[str, Encoding], Network]" = field(default_factory=dict)
    drawn: dict[str, Rows] = field(default_factory=dict)
    bases: dict[str, Rows] = field(default_factory=dict)
    replied: Mapping[str, Mapping[Run, Codes]] = field(default_factory=dict)

    def rows(self, plan: Plan, encode_key: str) -> Rows:
        """The items that are planned of a step, drawn once."""
        if encode_key not in self.drawn:
            self.drawn[encode_key] = open_rows(plan, encode_key)
        return self.drawn[encode_key]

    def natural(self, plan: Plan, encode_key: str | None) -> Rows | None:
        """The natural inputs of a step, found once; None where none are read."""
        if encode_key is not None and encode_key not in self.bases:
            self.bases[encode_key] = open_natural(plan, encode_key)
        return None if encode_key is None else self.bases[encode_key]

    def network(self, key: str, source: NetworkSource, encoding: Encoding) -> "Network":
        """A network under a key of its own, or that of its weights, fed in one way."""
        if (key, encoding) not in self.networks:
            self.networks[key, encoding] = Network(key, source, encoding, weigh_network(source.file, encoding))
        return self.networks[key, encoding]


@dataclass
class Network:
    """One network fed in one way. `most_numbers` is what its largest batch holds at once, about.

    `held` are the bytes of what is kept at the positions that are read, by place (None: where answers are read).
    """

    key: str
    source: NetworkSource
    encoding: Encoding
    weight: NetworkWeight
    most_numbers: int = 0
    held: dict[Place | None, int] = field(default_factory=dict)

    @property
    def spoken(self) -> bool:
        """Whether it is a transformer, of whose head single rows can be computed."""
        return isinstance(self.source.file.facts, TransformerFacts)

    def following(self, text: str, tokens: int) -> "Network":
        """The network fed a text of so many tokens behind each prompt: runs of inputs that are others."""
        weight = self.weight
        longer = replace(weight, positions=weight.positions + tokens - 1, heads=tokens, forced=False)
        return replace(self, key=f"{self.key} {text}", weight=longer)

    def keep(self, place: Place | None, numbers: int) -> None:
        """Note so many numbers that are held at a place."""
        self.held[place] = self.held.get(place, 0) + numbers * self.weight.bytes

    def hold(self, count: int, at_once: int, kept_stages: int, everywhere: bool) -> None:
        """Note a batch of so many items; of a training the activations of stages are kept for the way back."""
        weight = self.weight
        layers, heads = 4 + 2 * kept_stages, weight.positions if everywhere else weight.heads
        held = min(count, at_once) * (layers * weight.positions * weight.widest + heads * weight.classes)
        self.most_numbers = max(self.most_numbers, held)


class Runs:
    """The runs of one step on a network, by the step's schedule; what captures cost is noted apart.

    `part_of` are the step's runs where these are others of it, whose inputs no Capture step covers: what is kept of
    them is their own price.
    """

    def __init__(
        self, network: Network, schedule: Schedule, seen: DistinctInputs, part_of: "Runs | None" = None
    ) -> None:
        self.network, self.schedule, self.seen, self.part_of = network, schedule, seen, part_of
        self.weight = network.weight
        self.own = Price()
        self.captures: dict[Capture, Price] = {}

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
            self.own = self.own.plus(self._clean(runs, stage))

    def answer(self, rows: Rows, role: int) -> None:
        """Unedited runs of a role's inputs up to their answers."""
        weight = self.weight
        self.hold(rows.count)
        if self.schedule.suffixes and not weight.forced:
            if self.schedule.narrow:
                self._answer_narrow(rows, role)
            else:
                self.capture(rows, role, weight.last)
            self.own = self.own.plus(Price(flops=rows.count * self._heads()))
        else:
            whole = weight.run(0, weight.last) + self._heads()
            self.own = self.own.plus(Price(clean=rows.count, flops=rows.count * whole))

    def begin(self, rows: Rows, role: int, stage: int, some: int | None = None, early: int = 0) -> None:
        """What is run before edited runs of a role's inputs can begin at a stage, after so many `early` positions."""
        if self.schedule.suffixes and self.weight.forced:  # what is fed after the prompt depends on the label
            self._note((self.network.key, rows.encode, stage), self._clean(rows.count, stage))
        fresh: Hashes | None = None
        if self.schedule.suffixes and not self.weight.forced:
            fresh = self._capture_bases(rows, role, stage, some, early)
        if early:
            keys = (stage if self.schedule.suffixes else 0, early)
            self._keep_keys(
                rows, role, self._course(*keys).keys(self.schedule.sweeps) if fresh is not None else keys, fresh
            )

    def _capture_bases(self, rows: Rows, role: int, stage: int, some: int | None, early: int) -> Hashes | None:
        """Keep what edited runs of a role's inputs begin with; the inputs that are run for it, where that matters."""
        if self.schedule.narrow:
            return self._capture_narrow(rows, role, stage, some, early)
        self.capture(rows, role, stage, some)
        return None

    def _keep_keys(self, rows: Rows, role: int, keys: Keys, fresh: Hashes | None) -> None:
        """Keep keys and values of a role's inputs; in a sweep those of more stages and positions do as well.

        Where states are kept at few positions, those of inputs that are not run for them now (`fresh`) are run from the
        tokens.
        """
        new, (first, early) = rows.hashes(role), keys
        if new is not None:
            held = [at for network, fed, at in self.seen.known if (network, fed) == self._where(0)[:2]]
            for known in [at for at in held if is_keys(at) and at[0] <= first and at[1] >= early]:
                if self.schedule.sweeps or known == keys:
                    new = self.seen.new(self._where(known), new)
            self.seen.add(self._where(keys), new)
        count = rows.most if new is None else len(new)
        flops = self.weight.run(first, self.weight.last) * early // self.weight.positions
        flops -= 2 * self.weight.after * early  # of the last stage keys and values alone
        clean = 0 if self.schedule.suffixes else count
        again = 0 if new is None or fresh is None else len(np.setdiff1d(new, fresh, assume_unique=True))
        before = again * (self.weight.run(0, first) * early // self.weight.positions)
        self._note((self.network.key, rows.encode, None), Price(clean=clean, flops=count * flops + before))

    def capture(self, rows: Rows, role: int, stage: int, some: int | None = None) -> None:
        """Keep what a role's inputs have at a stage; those that are kept cost nothing."""
        if self.schedule.narrow:
            self._capture_narrow(rows, role, stage, some, None)
            return
        hashes, where = rows.hashes(role), self._where(stage)
        if hashes is None:
            price = self._clean(rows.most, stage)
        else:
            new = self.seen.new(where, hashes)
            price = self._go_on(new, stage)
            if some is None or some >= rows.count:
                self.seen.add(where, new)
            elif some < len(new):  # which of them is drawn later: none is known from now on
                price = self._clean(some, stage)
        self._note((self.network.key, rows.encode, stage), price)

    def _capture_narrow(self, rows: Rows, role: int, stage: int, some: int | None, early: int | None) -> Hashes | None:
        """Keep what the plan reads of a role's inputs, of which one stage is wanted; the inputs that are run for it.

        Of bases (`early` not None) what edited runs begin with, without so many early positions. None where inputs are
        too many to list.
        """
        network, hashes, course = self.network, rows.hashes(role), self._course(stage, early)
        wanted: Literal["reads", "bases"] = "reads" if early is None else "bases"
        new = None if hashes is None else self.seen.new(self._where((wanted, stage)), hashes)
        count = rows.most if new is None else len(new)
        if new is not None and some is not None and some < rows.count:  # which of them is drawn later
            count = min(some, count)
        elif new is not None:
            for place, numbers in course.holds().items():
                one, within = place
                kind: Literal["reads", "bases"] = "bases" if one in course.begins and within is None else "reads"
                network.keep(place, len(self.seen.new(self._where((kind, one)), new)) * numbers)
            for one in {stage, *(one for one, _ in course.holds())}:
                for added in ("reads", "bases") if one in course.begins else ("reads",):
                    self.seen.add(self._where((added, one)), self.seen.new(self._where((added, one)), new))
        keys = course.keys(self.schedule.sweeps) if early else None
        self._note((network.key, rows.encode, stage), Price(clean=count, flops=count * course.flops(keys)))
        return new

    def _course(self, stage: int, early: int | None) -> Course:
        """An unedited run of which a stage is wanted: of bases from a position on."""
        assert self.schedule.reads is not None
        network = self.network
        return Course(self.schedule.reads, stage, early, network.source, network.encoding, self.weight)

    def _answer_narrow(self, rows: Rows, role: int) -> None:
        """Keep the last state of a role's inputs where answers are read; going on from where they are bases."""
        weight, hashes, where = self.weight, rows.hashes(role), self._where(("answers", self.weight.last))
        left = None if hashes is None else self.seen.new(where, hashes)
        self.network.keep(None, (rows.most if left is None else len(left)) * weight.heads * weight.width)
        price = Price()
        if left is not None:
            self.seen.add(where, left)
            for stage in reversed(range(weight.last)):
                there, left = left, self.seen.new(self._where(("bases", stage)), left)
                price = price.plus(self._from_bases(np.setdiff1d(there, left, assume_unique=True), stage))
        count = rows.most if left is None else len(left)
        whole = weight.run(0, weight.last) - weight.unread(weight.positions)
        self._note((self.network.key, rows.encode, weight.last), price.plus(Price(clean=count, flops=count * whole)))

    def _from_bases(self, inputs: Hashes, stage: int) -> Price:
        """Runs to the last stage of inputs that are held as bases at one, after the longest keys and values of each."""
        price, weight = Price(), self.weight
        known = [at for network, fed, at in self.seen.known if (network, fed) == self._where(0)[:2]]
        keys = [at for at in known if is_keys(at) and at[0] <= stage]
        for first, early in (*sorted(keys, key=lambda at: -at[1]), (0, 0)):
            left = self.seen.new(self._where((first, early)), inputs) if early else inputs[:0]
            flops = weight.run(stage, weight.last)
            flops -= flops * early // weight.positions + weight.unread(weight.positions - early)
            price = price.plus(Price(flops=(len(inputs) - len(left)) * flops))
            inputs = left
        return price

    def _go_on(self, new: Hashes, stage: int) -> Price:
        """Runs of inputs up to a stage, in a sweep each from the deepest of its states that is kept."""
        price, left = Price(), new
        for first in reversed(range(stage)) if self.schedule.sweeps else ():
            there = len(left)
            left = self.seen.new(self._where(first), left)
            price = price.plus(Price(flops=(there - len(left)) * self._up_to(first, stage)))
        return price.plus(self._clean(len(left), stage))

    def _clean(self, count: int, stage: int) -> Price:
        return Price(clean=count, flops=count * self._up_to(0, stage))

    def _up_to(self, first: int, stage: int) -> int:
        """The operations of an unedited run from one stage to another, and beyond if it does not end there."""
        weight = self.weight
        return weight.run(first, stage) if self.schedule.exits else weight.run(first, weight.last) + self._every()

    def _where(self, what: int | Keys | Kind) -> Where:
        return self.network.key, self.network.encoding, what

    def _note(self, capture: Capture, price: Price) -> None:
        if self.part_of is not None:
            self.own = self.own.plus(price)
            return
        self.captures[capture] = self.captures.get(capture, Price()).plus(price)

    # --- edited runs -----------------------------------------------------------------------------------------------

    def intervene(self, count: int, stage: int, declared: bool = False, early: int = 0) -> None:
        """So many intervened runs, the first edit at a stage, for the logits of declared classes or of all.

        Of so many `early` positions keys and values are kept.
        """
        self.hold(count)
        first = stage if self.schedule.suffixes else 0
        each = self._from(first, declared, early) - self._unread(stage, early)
        self.own = self.own.plus(Price(forward=count, flops=count * each))

    def descend(self, count: int, stage: int, declared: bool = False, early: int = 0) -> None:
        """So many ways back from a loss to edits: weights are frozen, so that they cost what the way there does."""
        each = self._from(stage, declared, early) - self._unread(stage, early)
        self.own = self.own.plus(Price(backward=count, flops=count * each))

    def hold(self, count: int, kept_stages: int = 0, at_once: int | None = None) -> None:
        """Note a batch of so many items, as many at once as the schedule says."""
        everywhere = self.schedule.logits == "everywhere"
        self.network.hold(count, self.schedule.at_once if at_once is None else at_once, kept_stages, everywhere)

    def _from(self, first: int, declared: bool, early: int) -> int:
        """The operations of a run from a stage to the logits, without the first positions."""
        weight = self.weight
        stages = weight.run(first, weight.last)
        return stages - stages * early // weight.positions + self._heads(declared)

    def _unread(self, stage: int, early: int) -> int:
        """The operations of the last stage that a run is spared which is edited before it, and read where it answers.

        One that is edited at the last stage may be edited within it: it counts as spared none.
        """
        if self.schedule.logits == "everywhere" or stage >= self.weight.last - 1:
            return 0
        return self.weight.unread(self.weight.positions - early)

    def _heads(self, declared: bool = False) -> int:
        """The operations of the logits of one run."""
        if self.schedule.logits == "everywhere":
            return self._every()
        narrow = declared and self.schedule.logits == "declared" and self.network.spoken
        return self.weight.answer(len(self.network.encoding.declared) if narrow else None)

    def _every(self) -> int:
        """The operations of all logits of one run."""
        weight = self.weight
        return 2 * weight.head * weight.classes * weight.positions

    # --- scores ----------------------------------------------------------------------------------------------------

    def ask(self, asked: Asked, rows: Rows, early: int) -> None:
        """All runs that a score asks for, of every item; edited ones without so many `early` positions."""
        self._ask_reads(asked, rows)
        for role, stage in asked.bases:
            self.begin(rows, role, stage, early=early)
            self.intervene(rows.count, stage, early=early)
        for stage in asked.fed:  # inputs of their own: no other step runs them
            if stage < 0:
                whole = self.weight.run(0, self.weight.last) + self._heads()
                self.own = self.own.plus(Price(clean=rows.count, flops=rows.count * whole))
                continue
            if self.schedule.suffixes:
                self.own = self.own.plus(self._clean(rows.count, stage))
            self.intervene(rows.count, stage)
        for role in asked.answers:
            self.answer(rows, role)

    def _ask_reads(self, asked: Asked, rows: Rows) -> None:
        """What is read in unedited runs; inputs that are no bases are read as they are encoded."""
        kept = self.schedule.captured  # what is kept once costs nothing more
        for role, stage in dict.fromkeys(asked.reads) if kept and rows.are_listed else asked.reads:
            passed = sorted({before for other, before in asked.passed if other == role})
            runs = self if role == 0 or self.part_of is None else self.part_of
            runs.read(rows, role, stage, rows.count, passed=passed)
        for stage in asked.fed_reads:  # inputs of their own: no other step runs them
            self.own = self.own.plus(self._clean(rows.count, stage))

    def ask_metric(
        self, asked: AskedMetric, rows: Rows, early: int, has_output: bool, replied: Mapping[Run, Codes]
    ) -> None:
        """All runs that a metric asks for, of every item, and whether the bases are answered right.

        Nothing is generated for inputs of which the text is there, `replied` by run.
        """
        if self.weight.forced:
            self._follow("", 1, asked.plain, rows, early)
        else:
            self.ask(asked.plain, rows, early)
        for text, tokens, runs in asked.texts:
            self._follow(content_key("text", 1, text=text), tokens, runs, rows, early)
        if asked.limit:
            self.generate(asked.generated, rows, asked.limit, replied)
        if has_output:
            self.ask(Asked(answers=[0]), rows, early)

    def _follow(self, text: str, tokens: int, asked: Asked, rows: Rows, early: int) -> None:
        """Runs that are fed a text of so many tokens behind each prompt."""
        longer = Runs(self.network.following(text, tokens), self.schedule, self.seen, self)
        longer.ask(asked, rows, early)
        self.own = self.own.plus(longer.own)
        self.network.most_numbers = max(self.network.most_numbers, longer.network.most_numbers)

    def generate(self, asked: Asked, rows: Rows, limit: int, replied: Mapping[Run, Codes]) -> None:
        """Runs for each of at most `limit` tokens; what they read elsewhere is read once.

        Where keys and values are kept a token is run once, else with all before it. Where nothing is set, an input's
        text is generated once, whichever step asks for it.
        """
        weight = self.weight
        self._ask_reads(asked, rows)
        kept = self.schedule.prefixes and reads_backwards(self.network.source)
        positions = sum(weight.positions + step if step == 0 or not kept else 1 for step in range(limit))
        flops = weight.run(0, weight.last) * positions // weight.positions
        flops += limit * weight.answer() // max(1, weight.heads)
        edited = len(asked.bases) + sum(stage >= 0 for stage in asked.fed)
        fed, left = sum(stage < 0 for stage in asked.fed), self._left(asked, rows, replied)
        self.own = self.own.plus(Price(forward=edited * limit * left, flops=edited * left * flops))
        self.own = self.own.plus(Price(clean=fed * limit * rows.count, flops=fed * rows.count * flops))
        for role in asked.answers:
            hashes, where = rows.hashes(role), (f"{self.network.key} generates", self.network.encoding, limit)
            for run, inputs in replied.items():
                if not run.assignments:
                    self.seen.add(where, self.seen.new(where, hash_inputs(inputs[:, 0], self.network.encoding)))
            new = None if hashes is None else self.seen.new(where, hashes)
            if new is not None:
                self.seen.add(where, new)
            count = rows.most if new is None else len(new)
            self.own = self.own.plus(Price(clean=limit * count, flops=count * flops))
        self.hold(rows.count)

    def _left(self, asked: Asked, rows: Rows, replied: Mapping[Run, Codes]) -> int:
        """The items of which some edited run has no text yet, at most: runs whose inputs are set count as new."""
        edited = [run for run in replied if run.assignments]
        if rows.drawn is None or asked.fed or len(edited) != len(asked.bases):
            return rows.count
        left = np.zeros(rows.count, dtype=np.bool_)
        for run in edited:
            there = {item.tobytes() for item in replied[run]}
            left |= [item.tobytes() not in there for item in rows.drawn[:, list(inputs_read(run))]]
        return int(left.sum())

    def elsewhere(self, network: Network, rows: Rows, stage: int) -> None:
        """Unedited runs of the bases on another network, which are read at a stage."""
        other = Runs(network, self.schedule.elsewhere, self.seen, self)
        other.read(rows, 0, stage, rows.count)
        self.own = self.own.plus(other.own)

    def moved(self, network: Network, asked: Asked, rows: Rows, natural: Rows) -> None:
        """Sources that are read on another network, and there the natural inputs on which their maps are fitted."""
        other = Runs(network, self.schedule.elsewhere, self.seen, self)
        for role, stage in asked.reads:
            passed = sorted({before for own, before in asked.passed if own == role})
            other.read(rows, role, stage, rows.count, passed=passed)
        other.natural(asked, natural, 1)
        self.own = self.own.plus(other.own)

    def natural(self, asked: Asked, rows: Rows, scored: int) -> None:
        """Natural inputs, the bases of `rows`: read once, or with each batch of the items that are scored."""
        batches = 1 if self.schedule.captured else self._batches(scored)
        for stage in asked.natural:
            self.read(rows, 0, stage, batches * rows.count)

    def _batches(self, count: int) -> int:
        """The batches in which items are scored at most: each look is one or more."""
        looks, size = 1, CHUNK
        while size < count:
            looks, size = looks + 1, 2 * size
        return looks + count // self.schedule.at_once
