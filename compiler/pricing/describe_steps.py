"""What a step of a plan does, in one line of words."""

from collections import Counter
from collections.abc import Sequence

from ..groundings import Frame, Grounding
from ..interpret_terms import model_batch
from ..pair_scores import pair_scores
from ..plan import (
    CaptureStep,
    DecideStep,
    EncodeStep,
    EvaluateStep,
    FitStep,
    GraphStep,
    ItemsStep,
    NetworkSource,
    RankStep,
    Step,
)


def describe(step: Step, readers: Sequence[Step] = ()) -> str:
    """What a step does, in one line; of a capture also what its `readers` are."""
    match step:
        case ItemsStep():
            return _describe_items(step)
        case EncodeStep():
            return "tokens and classes"
        case CaptureStep():
            return _describe_capture(step, readers)
        case FitStep(grounding=grounding, network=network):
            where = describe_grounding(grounding, step.variables)
            return f"{where} on {_name(network)}; {_describe_budget(step)}"
        case RankStep(circuit=circuit, places=places, measure=measure):
            return f"{circuit}: {len(places)} places by {measure.text}"
        case EvaluateStep(text=text, candidates=candidates):
            return text if len(candidates) == 1 else f"{text}: the best of {len(candidates)} on select"
        case GraphStep(name=name, nodes=nodes, edges=edges, count=count):
            items = "the whole domain" if count is None else f"{count:,} items"
            return f"{name}: {len(nodes)} nodes, {len(edges)} edges, on {items}; alpha {step.alpha:.4g} for each number"
        case DecideStep(claim=claim, alpha=alpha):
            how = "exhaustively" if claim.exhaustively else f"alpha {alpha:.4g}"
            return f"{claim.name}: {claim.text}; {how}"


def _name(network: NetworkSource) -> str:
    return network.file.name if network.draw is None else f"random({network.file.name}) {network.draw}"


def _describe_capture(step: CaptureStep, readers: Sequence[Step]) -> str:
    """The site and the network, from where its runs go on and how far, and how many steps of which kinds it serves."""
    name = _name(step.network) if step.network.key == step.network_key else "the chosen network"
    said = [f"{step.site} of {name}", "" if step.after is None else "going on from the one before"]
    said.append("" if step.stop is not None or step.stage is None else "whole runs")
    kinds = Counter[str](reader.kind for reader in readers)
    served = [f"{kinds[kind]} {word}{'s' * (kinds[kind] > 1)}" for kind, word in _READERS.items() if kinds[kind]]
    said.append(f"for {' and '.join(served)}" if served else "")
    return "; ".join(part for part in said if part)


_READERS = {"Fit": "fit", "Evaluate": "evaluation"}


def _describe_items(step: ItemsStep) -> str:
    """How many items of what; for `test` also the acceptance of the half, and what the pairs alone give."""
    recipe = step.population.recipe
    names = ", ".join(recipe.variables)
    what = f"items of {recipe.model.name}{{{names}}}" if names else "inputs"
    remarks = "".join(f"; {remark}" for remark in step.population.remarks())
    if step.split == "whole":
        return f"{what}, the whole domain{remarks}"
    text = f"{step.count:,} {what} from {step.split}"
    if not names or step.split != "test":
        return text + remarks
    drawn = step.population.draw(step.split, step.count)
    alone = pair_scores(recipe.model, model_batch(step.population, drawn.items))
    scores = f"no-op {alone.no_op.mean():.3f}, full swap {alone.full_swap.mean():.3f}"
    return f"{text}; {drawn.acceptance:.2f} of sources accepted; {scores}{remarks}"


def _describe_budget(step: FitStep) -> str:
    """The ways in which maps are found, a training with its steps; of a search for sites the alternatives, too."""
    settings, ways = step.settings, dict.fromkeys(frame.found_by for frame in step.grounding.frames)
    training = f"{settings.seeds} x {settings.steps:,} steps of {settings.batch}, rate {settings.rate:g}"
    said = [training if way == "training" else way for way in ways if way != "given"]
    said += [f"the best of {len(line)} places on select" for line in step.search.lines if len(line) > 1]
    return ", ".join(said)


def describe_grounding(grounding: Grounding, variables: tuple[str, ...]) -> str:
    """Where variables live: `left 0..3, right 4..7 of rotation at hidden[1]`."""
    return "; ".join(_describe_frame(frame, variables) for frame in grounding.frames)


def _describe_frame(frame: Frame, variables: tuple[str, ...]) -> str:
    if frame.given:
        dims = "" if frame.further or len(frame.dims) == frame.width else f"[{len(frame.dims)} dims]"
        return f"{variables[frame.blocks[0].variable]} at {frame.site}{dims} as it is"
    blocks = ", ".join(f"{variables[b.variable]} size {b.stop - b.start}" for b in frame.blocks)
    return f"{blocks} in one {frame.family.text} at {frame.site}"
