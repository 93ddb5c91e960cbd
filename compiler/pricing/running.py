"""What runs so far while a plan is priced: its networks as they are fed, its items, and the inputs that were run."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ..causal_model import Codes
from ..experiments import Encoding
from ..network_facts import TransformerFacts
from ..plan import NetworkSource, Plan
from ..terms import Run
from ..weigh_network import NetworkWeight, weigh_network
from .clean_reads import Place
from .distinct_inputs import DistinctInputs
from .plan_rows import Rows, open_natural, open_rows


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
