"""What evaluations and rankings are keyed by alike: the score's text, other networks, what is generated."""

from ..experiments import Measurement
from ..keys import content_key
from ..plan import CODE_VERSIONS, OtherNetwork, RepliesKeys
from ..terms import Differ, Gain, ModelWorld, NetworkWorld, ValueOf, in_worlds, unnamed_metric
from ..terms.render_terms import render
from .autoencoder_keys import autoencoder_parts
from .step_graph import RunsBy, StepGraph

NATURAL = 2048
"""How many inputs of `fit` the read-outs are fitted on."""


def canonical(measurement: Measurement) -> str:
    """A score's text without the names of worlds: what is run and compared, and nothing of where it was declared."""
    others = {name: f"other {index}" for index, (name, _) in enumerate(measurement.others)}
    score = measurement.term.score if measurement.metric is None else unnamed_metric(measurement.term.score)
    text = render(in_worlds(score, ModelWorld("model"), NetworkWorld("network"), others))
    read = score.left if isinstance(score, Gain | Differ) else None
    if isinstance(read, ValueOf) and read.variable == measurement.recipe.model.output:
        return f"{text} in its block"  # and not as the network answers, which has the same text
    return text


def plan_others(measurement: Measurement, steps: StepGraph) -> tuple[OtherNetwork, ...]:
    """The networks that values are taken from, with what each is fed."""
    return tuple(OtherNetwork(name, steps.plan_network(name, None), fed) for name, fed in measurement.others)


def replies_keys(
    measurement: Measurement, natural: str | None, others: tuple[OtherNetwork, ...], engine: RunsBy
) -> RepliesKeys | None:
    """The keys of what an evaluation has generated; None where nothing is."""
    metric = measurement.metric
    if metric is None or metric.generation is None:
        return None
    parts = {"encoding": measurement.encoding, "generation": metric.generation, "engine": engine}
    plain = content_key("replies", CODE_VERSIONS["evaluate"], **parts)
    frames = () if measurement.grounding is None else measurement.grounding.frames
    places = {"grounding": measurement.grounding, **autoencoder_parts(frames)}
    edited = content_key("edited", 1, plain=plain, natural=natural, others=others, **places)
    return RepliesKeys(plain, edited)
