"""What this version checks and cannot run yet: refused where something is to be run, and never silently."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ....lang.circuits import Graph
from ....lang.claims import Accuracy, Claim, Estimand, Iia, Reading
from ....lang.diagnostics import Diagnostic, Label, Span
from ....lang.effects import Effect, Mean, MetricTarget, OutputTarget
from ....lang.metrics import CORRECT
from ....lang.places import Placement, Site
from ....lang.program import Alignment, Network, Program, Task
from ....lang.record import record
from ....lang.renderings import Prompt
from ...experiments import NetworkFile
from ...lowering.lower_effects import aligned_names
from ...lowering.lower_graphs import each_in_turn, graph_effects
from ...lowering.lower_searches import searched_circuits
from ...network_facts import NetworkFacts, TransformerFacts
from ...prompts import Spellings
from .check_effects_run import find_effect_obstacle
from .check_interleaved import find_interleaved, sets_layers_beside
from .check_metrics_run import ENCODERS, find_metric_obstacle
from .check_modules import find_region_obstacle, is_known
from .check_searches_run import find_search_obstacle
from .check_uneven import find_uneven_obstacle

_ELSEWHERE = (
    "`cspec check` and `cspec compile --emit terms` take it; to verify other claims, move it to a file of its own"
)

STREAM = ("embed", "resid", "resid_pre", "resid_mid", "resid_post")
"""Components through which everything goes that a transformer makes of its input: what they leave is all the rest."""

Networks = Mapping[str, NetworkFile]


def check_runnable(program: Program, networks: Networks) -> tuple[Diagnostic, ...]:
    """An error for each declaration and estimand that a claim or graph rests on and no engine can run yet."""
    found = [
        problem
        for claim in program.claims.values()
        for estimand in claim.estimands
        for problem in find_obstacles(estimand, program, networks)
    ]
    found += (
        problem for graph in program.graphs.values() for problem in find_graph_obstacles(graph, program, networks)
    )
    return tuple(dict.fromkeys(found))


@record
class Runnable:
    """The claims and graphs of which all that they measure can be run, in order of declaration."""

    claims: tuple[Claim, ...]
    graphs: tuple[Graph, ...]


def list_runnable(program: Program, networks: Networks) -> Runnable:
    """What no obstacle stands in the way of."""

    def runs(claim: Claim) -> bool:
        return not any(True for estimand in claim.estimands for _ in find_obstacles(estimand, program, networks))

    def measured(graph: Graph) -> bool:
        return next(find_graph_obstacles(graph, program, networks), None) is None

    return Runnable(tuple(filter(runs, program.claims.values())), tuple(filter(measured, program.graphs.values())))


def find_graph_obstacles(graph: Graph, program: Program, networks: Networks) -> Iterator[Diagnostic]:
    """Why no engine measures a graph: the first of what its effects rest on.

    What an effect rests on is what it sets, holds and reads: each node is set in one of those that are looked at, read
    in one, and held in others.
    """
    message = f"the graph `{graph.name}` is checked, and cannot be measured yet"
    if graph.random:
        note = f"no engine runs a graph on `random({graph.network})`"
        yield Diagnostic("CS480", message, Label(graph.span), notes=(note,), help=_ELSEWHERE)
        return
    for source, target in each_in_turn(graph):
        for effect in graph_effects(graph, source, target, source.circuit):
            if problem := next(find_obstacles(effect, program, networks), None):
                if problem.code == "CS480":
                    problem = replace(problem, message=message, label=Label(graph.span))
                yield problem
                return


def say_obstacle(estimand: Estimand, program: Program, networks: Networks) -> str:
    """In words, why no engine measures an estimand; empty where one does."""
    found = next(find_obstacles(estimand, program, networks), None)
    return "" if found is None else found.notes[0] if found.notes else found.message


def find_obstacles(estimand: Estimand, program: Program, networks: Networks) -> Iterator[Diagnostic]:
    """Why no engine measures an estimand: at the declarations that it rests on, then at itself."""
    alignment = program.alignments[estimand.alignment] if isinstance(estimand, Iia | Reading) else None
    task = program.models[alignment.model].task if alignment is not None else estimand.task  # type: ignore[union-attr]
    read_by = _read_by(estimand, program)
    run_on = dict.fromkeys((estimand.network, *(read.network for read in read_by)))
    not_run = [problem for name in run_on for problem in _network(program.networks[name])]
    yield from not_run
    if not_run:  # what its sites and texts would need is no news then
        return
    there = [networks[name] for name in run_on if name in networks and task in networks[name].spoken]
    yield from _task(program.tasks[task], there)
    aligned = tuple(read.name for read in read_by) or _aligned(estimand)
    for name in aligned:
        on = dict.fromkeys((program.alignments[name].network, *run_on))
        facts = [networks[network].facts for network in on if network in networks]
        for placement in program.alignments[name].placements:
            yield from _placement(placement, facts)
        if region := find_region_obstacle(program.alignments[name], facts):
            part, why = region
            yield _not_run(f"the region `{part.text}`, {why},", part.span, "name one site after `at`")
        yield from find_interleaved(program.alignments[name], program.alignments, isinstance(estimand, Iia))
    uneven = (find_uneven_obstacle(estimand, program, file.spoken[task]) for file in there)
    if what := next(filter(None, uneven), "") or _what_is_not_run(estimand, program, networks):
        message = f"`{_name(estimand)}` is checked, and cannot be run yet"
        yield Diagnostic("CS480", message, Label(estimand.span), notes=(f"no engine runs {what}",), help=_ELSEWHERE)


def _what_is_not_run(estimand: Estimand, program: Program, networks: Networks) -> str:
    """What of an estimand no engine measures; nothing where it is measured."""
    match estimand:
        case Iia():
            return ""
        case Effect() if sets_layers_beside(estimand, program.alignments):
            return "a vector of several layers that is set beside something else"
        case Effect() | Mean():
            facts = networks[estimand.network].facts if estimand.network in networks else None
            file = networks.get(estimand.network)
            spoken = None if file is None else file.spoken.get(estimand.task)
            found = find_effect_obstacle(estimand, program, facts, spoken) or _of_reading(estimand, program, networks)
            return found or _of_searches(estimand, program, networks)
        case Reading(kind="cae"):
            return _of_rest(estimand, program, networks.get(estimand.network))
        case Accuracy() | Reading():
            return ""


def _of_searches(estimand: Effect | Mean, program: Program, networks: Networks) -> str:
    """What of the searches for an effect's circuits no engine runs, that by which they score included."""
    searched = searched_circuits(program, estimand) if isinstance(estimand, Effect) else {}
    for name, sites in searched.items():
        assert isinstance(estimand, Effect)
        what = find_search_obstacle(estimand, name, sites, program, networks)
        if what := what or _what_is_not_run(sites.score, program, networks):
            return what
    return ""


def _of_rest(estimand: Reading, program: Program, file: NetworkFile | None) -> str:
    """Why what an alignment leaves of its layer is not exchanged; nothing where it is."""
    placements = program.alignments[estimand.alignment].placements
    parts = [part for placement in placements for part in placement.place.parts]
    if any(part.module is not None for part in parts):
        return "`cae` of modules, whose width only their network knows"
    task = program.models[program.alignments[estimand.alignment].model].task
    if file is None or not isinstance(program.tasks[task].rendering, Prompt) or task not in file.spoken:
        return ""
    if around := [part.text for part in parts if part.component not in STREAM]:
        return f"`cae` at `{around[0]}`, past which the residual stream goes"
    spoken = file.spoken[task]
    if any(len(ids) > 1 for one in spoken.answers for code in one for ids in code):
        return "`cae` beside an answer of several tokens"
    apart = None in spoken.uneven
    return "`cae` after prompts of several lengths, whose tokens are not each other's counterparts" if apart else ""


def _of_reading(estimand: Effect | Mean, program: Program, networks: Networks) -> str:
    """What is not read of a run: a metric, or an answer of several tokens under an effect."""
    file, task = networks.get(estimand.network), program.tasks[estimand.task]
    metric = CORRECT.name if isinstance(estimand, Effect) else estimand.metric
    if isinstance(estimand, Effect) and isinstance(estimand.target, MetricTarget):
        metric = estimand.target.name
    if metric != CORRECT.name:
        drawn = _drawn(estimand) if isinstance(estimand, Effect) and task.generated is not None else None
        if drawn is not None and task.metrics[metric].reads_answer:
            return f"{drawn} beside the metric `{metric}`, whose answers are generated once for each input"
        return find_metric_obstacle(metric, task, file)
    spoken = None if file is None else file.spoken.get(estimand.task)
    several = spoken is not None and any(len(ids) > 1 for one in spoken.answers for code in one for ids in code)
    if several and isinstance(estimand, Effect) and isinstance(estimand.target, OutputTarget):
        what = f"what a network answers in place of `{estimand.target.text}`, which is several tokens"
        return f"{what} and read after those of the correct one: read `{CORRECT.name}`"
    return ""


def _drawn(effect: Effect) -> str | None:
    """What of an effect is another one from item to item."""
    turned = any(setting.turned for setting in effect.settings)
    return "a random circuit" if effect.random_circuits else "a random vector" if turned else effect.drawn


def _read_by(estimand: Estimand, program: Program) -> list[Alignment]:
    """The alignments through which an interchange or a reading reads: its own, and that of its sources."""
    if not isinstance(estimand, Iia | Reading):
        return []
    origin = estimand.origin if isinstance(estimand, Iia) else None
    return [program.alignments[name] for name in (estimand.alignment, origin) if name is not None]


def _aligned(estimand: Estimand) -> tuple[str, ...]:
    """The alignments that an effect names something of."""
    return aligned_names(estimand) if isinstance(estimand, Effect) else ()


def _not_run(what: str, span: Span, help: str = _ELSEWHERE) -> Diagnostic:
    return Diagnostic("CS519", f"{what} is checked, and no engine of this version runs it", Label(span), help=help)


def _network(network: Network) -> Iterator[Diagnostic]:
    if network.loader == "jax":
        yield _not_run(f"the network `{network.name}`, `{network.loader}(...)`,", network.span)


def _task(task: Task, there: list[NetworkFile]) -> Iterator[Diagnostic]:
    if task.generated is not None and not isinstance(task.rendering, Prompt):
        yield _not_run(f"the generated answer of task `{task.name}`, which has no prompt,", task.generated.span)
    for index, answer in enumerate(task.answers):
        for file in there:
            if what := _several_tokens(file.spoken[task.name].answers[index], task, file):
                yield _not_run(f"the answer `{answer.output}` of several tokens {what}", answer.span)
                break


def _several_tokens(spellings: Spellings, task: Task, file: NetworkFile) -> str:
    """What of an answer of several tokens no engine reads; nothing where it is read."""
    if all(len(ids) == 1 for code in spellings for ids in code):
        return ""
    if len(task.answers) > 1:
        return "beside another answer"
    if any(len(code) > 1 for code in spellings):
        return "in several spellings"
    if isinstance(file.facts, TransformerFacts) and file.facts.architecture in ENCODERS:
        return "of a network that reads them beforehand"
    prompted = file.spoken[task.name].prompt is not None and task.answers[0].position is None
    return "" if prompted else "elsewhere than after a prompt"


def _placement(placement: Placement, facts: list[NetworkFacts]) -> Iterator[Diagnostic]:
    """What of a placement is not run on networks of these facts."""
    place, variable = placement.place, placement.variable
    for part in place.parts:
        if part.module is not None and isinstance(part, Site) and not is_known(part, facts):
            what = f"the site `{part.text}` of `{variable}`"
            yield _not_run(what, part.span, 'name one module and its dims: `at module("PATH")[0..63] @ last`')
            return
    known = all(each.last_layer >= 0 for each in facts)  # else there are no layers to put controls at
    if not known and (placement.family.name != "identity" or placement.sizes != (None,)):
        what = f"the learned map of `{variable}`, in a network of which only modules are known,"
        yield _not_run(what, placement.size_span, "give its dims with `via identity`")
        return
    if placement.family.name == "sae" and isinstance(place, Site) and place.inside is not None:
        yield _not_run(f"the family `sae` of `{variable}`, inside another variable,", placement.family.path_span)


def _name(estimand: Estimand) -> str:
    return "mean(...)" if isinstance(estimand, Mean) else f"{getattr(estimand, 'kind', 'estimand')}(...)"
