"""The weight of a network: how many operations a pass takes from any stage to any other, from its facts alone.

A stage is where a run can be cut, as the engine `fused` cuts it: of a plain network each of its layers, of a
transformer each block, and after the last one the head.
"""

from ..lang.record import record
from ..lang.sites.components import is_module
from .budgets import ROWS_AT_ONCE, count_at_once
from .experiments import Encoding, NetworkFile
from .network_facts import BETWEEN_LAYERS, MlpFacts, NetworkFacts, TracrFacts, TransformerFacts

UNGATED = ("gpt2", "gpt_neox", "bert")
"""Architectures whose MLPs have two matrices; the others gate them with a third."""
CAPPED = ("gemma2",)
"""Those whose attention caps its scores, which the library computes in a way of its own."""
BYTES = {"float32": 4, "float16": 2, "bfloat16": 2, "float64": 8}
"""Of one number."""


@record
class NetworkWeight:
    """What one input costs on a network.

    `stages` are the weights that a position passes from each stage to the next, `head` those for one of the `classes`;
    the head is computed at `heads` positions, the rest at `positions`. `after` are those of the last stage's weights
    that only positions pass whose answers are read, where an engine computes no others. `width` is that of a state,
    `widest` that of the widest activation, `keys` how many numbers keys and values of a position take in all layers,
    `parameters` how many weights there are, `bytes` those of one number; `at_once` inputs are run together. `forced`:
    of answers of several tokens all but the last one are fed. `known` is False where the layers are not: then only
    passes can be counted.
    """

    stages: tuple[int, ...]
    head: int
    classes: int
    positions: int
    heads: int
    after: int
    width: int
    widest: int
    keys: int
    parameters: int
    bytes: int
    at_once: int
    forced: bool
    known: bool = True

    def run(self, first: int, stop: int) -> int:
        """The operations of one input from stage `first` to `stop`: 2 x weights x positions."""
        return 2 * sum(self.stages[first:stop]) * self.positions

    def answer(self, classes: int | None = None) -> int:
        """The operations of the head, for some classes or for all."""
        return 2 * self.head * (self.classes if classes is None else classes) * self.heads

    def unread(self, positions: int, read: int | None = None) -> int:
        """The operations of the last stage that so many positions are spared, since few are read of it: the answers.

        What comes before that is computed again for the positions that are read.
        """
        read = self.heads if read is None else read
        if not self.after or 2 * read > positions:
            return 0
        return 2 * (self.after * positions - self.stages[-1] * read)

    @property
    def last(self) -> int:
        """The stage that gives the logits."""
        return len(self.stages)


def weigh_network(file: NetworkFile, encoding: Encoding) -> NetworkWeight:
    """The weight of a network that is fed in this way.

    A matrix product with m x n weights takes 2mn operations at each position. Norms, attention's own products and
    gathers are left out: in layers much wider than prompts are long they are a few in a hundred. A transformer's head
    is computed where answers are read, a plain network's everywhere.
    """
    facts, positions, size, after = file.facts, count_positions(file, encoding), BYTES.get(file.dtype, 4), 0
    match facts:
        case MlpFacts():
            widths = (facts.inputs * facts.embed, *facts.hidden)
            stages = tuple(before * after for before, after in zip(widths, facts.hidden, strict=False))
            head, keys, widest = widths[-1], 0, max(widths)
        case TracrFacts():
            inner = facts.heads * facts.key
            stages = (4 * facts.stream * inner, 2 * facts.stream * facts.mlp) * facts.blocks
            head, keys, widest = facts.stream, 0, max(facts.stream, 4 * inner, facts.mlp)
        case TransformerFacts():
            inner, shared = facts.heads * facts.head_width, facts.key_heads * facts.head_width
            matrices = 2 if facts.architecture in UNGATED else 3
            after = facts.stream * (inner + matrices * facts.mlp)
            stages = (facts.stream * (inner + 2 * shared) + after,) * facts.blocks
            after = after if size >= 4 and facts.architecture not in CAPPED else 0
            head, widest = facts.stream, max(facts.stream, facts.mlp)
            keys = 2 * shared * facts.blocks if facts.architecture != "bert" else 0
        case _:
            raise TypeError(f"no weight is known of {type(facts).__name__}")
    spoken = isinstance(facts, TransformerFacts)
    return NetworkWeight(
        stages=stages,
        head=head,
        classes=facts.classes,
        positions=positions,
        heads=sum(answer.reads for answer in encoding.answers) if spoken else positions,
        after=after,
        width=max(widths) if isinstance(facts, MlpFacts) else facts.stream,
        widest=widest,
        keys=keys,
        parameters=sum(stages) + head * facts.classes + _embedded(facts),
        bytes=size,
        at_once=count_at_once(facts.stream, facts.vocabulary) if isinstance(facts, TransformerFacts) else ROWS_AT_ONCE,
        forced=any(answer.sequences for answer in encoding.answers),
        known=not isinstance(facts, TransformerFacts) or facts.known,
    )


def count_positions(file: NetworkFile, encoding: Encoding) -> int:
    """The positions of an input's activations: the tokens of the shortest prompt, or as many as columns are fed."""
    if encoding.prompt is not None:
        lengths = [spoken.positions for spoken in file.spoken.values() if spoken.prompt == encoding.prompt]
        return (lengths[0] if lengths else 1) + max(answer.reads - 1 for answer in encoding.answers)
    return file.facts.positions(len(encoding.columns)) or 1


def stage_of(facts: NetworkFacts, component: str, layer: int | None) -> int:
    """The stage before which a run with an edit at this site is as it would be without."""
    if isinstance(facts, TransformerFacts):
        if not facts.known or component == "embed" or is_module(component):
            return 0
        if layer is None:
            return facts.blocks
        return layer + 1 if component == "resid_post" else layer
    return facts.last_layer if layer is None else layer


def end_of(facts: NetworkFacts, component: str, layer: int | None) -> int:
    """The stage where a run may end that is read at a site: of sites within a stage the next one."""
    stage = stage_of(facts, component, layer)
    return stage if component in BETWEEN_LAYERS else min(stage + 1, stage_of(facts, "logits", None))


def stage_name(facts: NetworkFacts, stage: int) -> str:
    """The site whose activation the state of a stage is."""
    match facts:
        case MlpFacts():
            return f"hidden[{stage}]"
        case TracrFacts():
            return f"resid[{stage}]"
    return f"resid_post[{stage - 1}]" if stage else "resid_pre[0]"


def _embedded(facts: MlpFacts | TracrFacts | TransformerFacts) -> int:
    """The weights that are looked up and not multiplied by; a transformer's head is most often its embedding."""
    match facts:
        case MlpFacts():
            return facts.vocabulary * facts.embed
        case TracrFacts():
            return (facts.vocabulary + facts.context) * facts.stream
    return facts.context * facts.stream if facts.architecture == "gpt2" else 0
