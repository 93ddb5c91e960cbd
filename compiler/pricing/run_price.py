"""What runs cost with an engine: the passes that it takes for what is asked, and the operations of each.

The engine `fused` runs each distinct input once up to each stage at which it is read, and intervened runs from their
first edited stage on. `hooks` and `pyvene` run whatever is asked, whole.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from ..budgets import CHUNK
from ..count_runs import Asked, AskedMetric, Read
from ..experiments import Encoding
from ..keys import content_key
from ..network_facts import TransformerFacts
from ..plan import EngineName, NetworkSource, Plan
from ..weigh_network import NetworkWeight, weigh_network
from .distinct_inputs import DistinctInputs
from .plan_rows import Rows, open_rows
from .prices import Price


@dataclass
class Running:
    """What runs so far: the distinct inputs of every network, and the networks with how they are fed."""

    engine: EngineName
    seen: DistinctInputs = field(default_factory=DistinctInputs)
    networks: "dict[tuple[str, Encoding], Network]" = field(default_factory=dict)
    drawn: dict[str, Rows] = field(default_factory=dict)

    def rows(self, plan: Plan, encode_key: str) -> Rows:
        """The items that are planned of a step, drawn once."""
        if encode_key not in self.drawn:
            self.drawn[encode_key] = open_rows(plan, encode_key)
        return self.drawn[encode_key]

    def network(self, key: str, source: NetworkSource, encoding: Encoding) -> "Network":
        """A network under a key of its own, or that of its weights, fed in one way."""
        if (key, encoding) not in self.networks:
            self.networks[key, encoding] = Network(self, key, source, encoding, weigh_network(source.file, encoding))
        return self.networks[key, encoding]


@dataclass
class Network:
    """One network fed in one way. `most_numbers` is what its largest batch holds at once, about."""

    running: Running
    key: str
    source: NetworkSource
    encoding: Encoding
    weight: NetworkWeight
    most_numbers: int = 0
    intervened: bool = False
    alone: "Network | None" = None
    """Of a network that is fed a text behind its prompts: the same without."""

    @property
    def spoken(self) -> bool:
        """Whether it is a transformer, of whose head single rows can be computed."""
        return isinstance(self.source.file.facts, TransformerFacts)

    @property
    def fused(self) -> bool:
        return self.running.engine == "fused"

    def read(self, rows: Rows, role: int, stage: int, count: int | None = None, begun: Collection[int] = ()) -> Price:
        """Unedited runs of a role's inputs up to a stage: of all rows, or of so many.

        From the last one of the stages that the same step has `begun` with before, where there are any.
        """
        if self.running.engine != "fused":
            stop = stage if self.running.engine == "hooks" else self.weight.last
            runs = rows.count if count is None else count
            return Price(clean=runs, flops=runs * self.weight.run(0, stop))
        new = self._new(rows, role, stage, count)
        if before := [each for each in begun if each < stage]:
            return Price(flops=new * self.weight.run(max(before), stage))
        return Price(clean=new, flops=new * self.weight.run(0, stage))

    def answer(self, rows: Rows, role: int, read: tuple[Read, ...]) -> Price:
        """Unedited runs of a role's inputs up to their answers; what was `read` of them before is gone on from."""
        weight = self.weight
        heads, whole = rows.count * weight.answer(), weight.run(0, weight.last)
        self.hold(rows.count, 0)
        if not self.fused or weight.forced:
            return Price(clean=rows.count, flops=rows.count * whole + heads)
        new = self._new(rows, role, weight.last)
        if begun := [stage for each, stage in read if each == role]:
            return Price(flops=new * weight.run(max(begun), weight.last) + heads)
        return Price(clean=new, flops=new * whole + heads)

    def begin(self, rows: Rows, role: int, stage: int, count: int | None = None, begun: Collection[int] = ()) -> Price:
        """What must be run before intervened runs of a role's inputs can begin at a stage."""
        if not self.fused:
            return Price()
        if self.weight.forced:  # what is fed after the prompt depends on the label
            return Price(clean=rows.count, flops=rows.count * self.weight.run(0, stage))
        return self.read(rows, role, stage, count, begun)

    def intervene(self, count: int, stage: int, classes: int | None = None) -> Price:
        """So many intervened runs, the first edit at a stage, for the logits of some classes or of all."""
        self.intervened = True
        self.hold(count, 0)
        first = stage if self.fused else 0
        return Price(forward=count, flops=count * self._from(first, classes))

    def descend(self, count: int, stage: int, classes: int | None = None) -> Price:
        """So many ways back from a loss to edits: weights are frozen, so that they cost what the way there does."""
        return Price(backward=count, flops=count * self._from(stage, classes))

    def ask(self, asked: Asked, rows: Rows, begun: Sequence[Read] = ()) -> Price:
        """All runs that a score asks for, of every item. What the same step has `begun` before is gone on from."""
        price, elsewhere = Price(), self.alone or self
        for role, stage in dict.fromkeys(asked.passed):
            price = price.plus((self if role == 0 else elsewhere).begin(rows, role, stage))
        for role, stage in asked.reads:
            before = {passed for other, passed in (*asked.passed, *begun) if other == role}
            price = price.plus((self if role == 0 else elsewhere).read(rows, role, stage, begun=before))
        for role, stage in asked.bases:
            before = {read for other, read in (*asked.reads, *begun) if other == role}
            price = price.plus(self.begin(rows, role, stage, begun=before))
            price = price.plus(self.intervene(rows.count, stage))
        for stage in asked.fed:  # inputs of their own: no other step runs them
            clean = self.weight.run(0, self.weight.last if stage < 0 else stage)
            if stage < 0 or self.fused:
                price = price.plus(Price(clean=rows.count, flops=rows.count * clean))
            if stage < 0:
                price = price.plus(Price(flops=rows.count * self.weight.answer()))
            else:
                price = price.plus(self.intervene(rows.count, stage))
        for role in asked.answers:
            price = price.plus(self.answer(rows, role, (*asked.reads, *asked.bases, *begun)))
        return price

    def ask_metric(self, asked: AskedMetric, rows: Rows, has_output: bool) -> Price:
        """All runs that a metric asks for, of every item, and whether the bases are answered right."""
        price = self.following("", 1).ask(asked.plain, rows) if self.weight.forced else self.ask(asked.plain, rows)
        for text, tokens, runs in asked.texts:
            price = price.plus(self.following(content_key("text", 1, text=text), tokens).ask(runs, rows))
        if asked.limit:
            price = price.plus(self.generate(asked.generated, rows, asked.limit))
        return price.plus(self.ask(Asked(answers=[0]), rows)) if has_output else price

    def following(self, text: str, tokens: int) -> "Network":
        """The network fed a text of so many tokens behind each prompt: runs of inputs that are others."""
        weight = self.weight
        longer = replace(weight, positions=weight.positions + tokens - 1, heads=tokens, forced=False)
        return Network(
            self.running, f"{self.key} {text}", self.source, self.encoding, longer, self.most_numbers, alone=self
        )

    def generate(self, asked: Asked, rows: Rows, limit: int) -> Price:
        """Whole runs for each of at most `limit` tokens; what they read elsewhere is read once.

        Where nothing is set, an input's text is generated once, whichever step asks for it.
        """
        price, weight = Price(), self.weight
        for role, stage in asked.reads:
            price = price.plus(self.read(rows, role, stage))
        each = [weight.run(0, weight.last) * (weight.positions + step) // weight.positions for step in range(limit)]
        flops = sum(each) + limit * weight.answer() // max(1, weight.heads)
        for _ in (*asked.bases, *(stage for stage in asked.fed if stage >= 0)):
            price = price.plus(Price(forward=limit * rows.count, flops=rows.count * flops))
        for _ in (stage for stage in asked.fed if stage < 0):
            price = price.plus(Price(clean=limit * rows.count, flops=rows.count * flops))
        for role in asked.answers:
            inputs, where = rows.hashes(role), (f"{self.key} generates", self.encoding, limit)
            new = rows.most if inputs is None else self.running.seen.add(where, inputs)
            price = price.plus(Price(clean=limit * new, flops=new * flops))
        self.hold(rows.count, 0)
        return price

    def natural(self, asked: Asked, rows: Rows, scored: int) -> Price:
        """Natural inputs, the bases of `rows`: read once, or with each batch of the items that are scored."""
        price = Price()
        for stage in asked.natural:
            one = self.read(rows, 0, stage)
            for _ in range(1 if self.fused else self._batches(scored)):
                price = price.plus(one)
        return price

    def hold(self, count: int, kept_stages: int) -> None:
        """Note a batch of so many items; of a training the activations of stages are kept for the way back."""
        weight = self.weight
        rows = min(count, self.weight.at_once)
        layers = 4 + 2 * kept_stages
        held = rows * (layers * weight.positions * weight.widest + weight.heads * weight.classes)
        self.most_numbers = max(self.most_numbers, held)

    def _from(self, first: int, classes: int | None) -> int:
        return self.weight.run(first, self.weight.last) + self.weight.answer(classes)

    def _new(self, rows: Rows, role: int, stage: int, count: int | None = None) -> int:
        inputs, where = rows.hashes(role), (self.key, self.encoding, stage)
        if inputs is None:
            return rows.most
        if count is not None and count < rows.count:  # which of them is drawn later: none is known from now on
            return min(count, self.running.seen.look(where, inputs))
        return self.running.seen.add(where, inputs)

    def _batches(self, count: int) -> int:
        """The batches in which items are scored at most: each look is one or more."""
        looks, size = 1, CHUNK
        while size < count:
            looks, size = looks + 1, 2 * size
        return looks + count // self.weight.at_once
