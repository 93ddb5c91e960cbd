"""Checks of a spec against its networks' files: what the header says, never a weight.

From a typed program and the spec's folder to the networks' facts and diagnostics.
"""

from pathlib import Path

from ..lang.diagnostics import Diagnostic, Label
from ..lang.program import Alignment, Network, Placement, Program, Task
from .experiments import NetworkFile
from .network_facts import BadCheckpointError, NetworkFacts, read_network_facts


def check_networks(
    program: Program, folder: Path, allow_path: bool
) -> tuple[dict[str, NetworkFile], tuple[Diagnostic, ...]]:
    """Read every network's facts and check tasks and alignments against them.

    Networks whose file cannot be used are left out of the table; each has a diagnostic.
    """
    files: dict[str, NetworkFile] = {}
    found: list[Diagnostic] = []
    for network in program.networks.values():
        opened = _open(network, folder, allow_path)
        if isinstance(opened, Diagnostic):
            found.append(opened)
        else:
            files[network.name] = opened
    for alignment in program.alignments.values():
        if alignment.network in files:
            facts = files[alignment.network].facts
            found += _check_task(program.tasks[program.models[alignment.model].task], alignment.network, facts)
            found += _check_placements(alignment, alignment.network, facts)
    for name, task in _measured(program):
        if name in files:
            found += _check_task(program.tasks[task], name, files[name].facts)
    for alignment_name, name in _moved(program):
        if name in files:
            found += _check_placements(program.alignments[alignment_name], name, files[name].facts)
    return files, tuple(dict.fromkeys(found))


def _open(network: Network, folder: Path, allow_path: bool) -> NetworkFile | Diagnostic:
    label = Label(network.path_span)
    path = Path(network.path)
    resolved = (folder / path).resolve()
    if not allow_path and not resolved.is_relative_to(folder.resolve()):
        return Diagnostic(
            "CS501",
            f"expected a path below the spec's folder, found `{network.path}`",
            label,
            help="move the file below the spec, or allow other paths with `--allow-path`",
        )
    try:
        return NetworkFile(network.name, resolved, read_network_facts(resolved))
    except BadCheckpointError as problem:
        message = f"the checkpoint `{network.path}` cannot be used: {problem.reason}"
        return Diagnostic(problem.code, message, label, help=problem.remedy)


def _measured(program: Program) -> list[tuple[str, str]]:
    """The (network, task) pairs whose accuracy is claimed."""
    estimands = [t.estimand for c in program.claims.values() for p in c.parts for t in (*p.left.terms, *p.right.terms)]
    return list(dict.fromkeys((e.network, e.task) for e in estimands if hasattr(e, "task")))


def _moved(program: Program) -> list[tuple[str, str]]:
    """The (alignment, network) pairs of `iia(A on N)` where N is not A's own."""
    estimands = [t.estimand for c in program.claims.values() for p in c.parts for t in (*p.left.terms, *p.right.terms)]
    pairs = [(e.alignment, e.network) for e in estimands if hasattr(e, "alignment")]
    return [(a, n) for a, n in dict.fromkeys(pairs) if program.alignments[a].network != n]


def _check_task(task: Task, network: str, facts: NetworkFacts) -> list[Diagnostic]:
    found = []
    tokens = Label(task.tokens_span)
    if len(task.tokens) != facts.inputs:
        found.append(
            Diagnostic(
                "CS510",
                f"expected {facts.inputs} tokens, found {len(task.tokens)}: the network `{network}` reads"
                f" {facts.inputs}",
                tokens,
                help="list one input for each of the network's tokens, in its order",
            )
        )
    for declared in task.inputs:
        if declared.name in task.tokens and declared.domain.size > facts.vocabulary:
            found.append(
                Diagnostic(
                    "CS511",
                    f"`{declared.name}` has {declared.domain.size} values, but the network `{network}` knows"
                    f" {facts.vocabulary} tokens",
                    Label(declared.span),
                    help="a value's index in its domain is its token id: make the domain smaller",
                )
            )
    for answer in task.answers:
        beyond = [c for c in answer.classes if c >= facts.classes]
        if not beyond:
            continue
        found.append(
            Diagnostic(
                "CS512",
                f"expected class indices 0..{facts.classes - 1}, found {beyond[0]}: the network `{network}` has"
                f" {facts.classes} classes",
                Label(answer.span),
                help="map each value of the output to one of the network's classes",
            )
        )
    return found


def _check_placements(alignment: Alignment, network: str, facts: NetworkFacts) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    taken: dict[tuple[str, int | None], list[tuple[Placement, int]]] = {}
    for placement in alignment.placements:
        site = placement.site
        width = facts.width(site.component, site.layer)
        if width is None:
            found.append(
                Diagnostic(
                    "CS320",
                    f"expected a site of `{network}`, found `{site.text}`",
                    Label(site.span),
                    notes=(f"`{network}` has `hidden[0]` to `hidden[{facts.last_layer}]` and `logits`",),
                    help="`hidden[0]` is the concatenated embedding, `hidden[i]` the output of layer i",
                )
            )
            continue
        if site.dims is not None and (beyond := [d for d in site.dims if d >= width]):
            found.append(
                Diagnostic(
                    "CS321",
                    f"expected dims 0..{width - 1} of `{network}`, found {beyond[0]}",
                    Label(site.span),
                    help=f"the site is {width} dims wide, counted from 0",
                )
            )
            continue
        room = width if site.dims is None else len(site.dims)
        others = taken.setdefault((site.component, site.layer), [])
        size = room if placement.size is None else placement.size
        if site.dims is None and others and placement.size is None:
            found.append(_no_room(placement, network, room, others))
        elif site.dims is None:
            if sum(s for _, s in others) + size > room:
                found.append(_no_room(placement, network, room, others))
            others.append((placement, size))
    return found


def _no_room(placement: Placement, network: str, room: int, others: list[tuple[Placement, int]]) -> Diagnostic:
    used = sum(size for _, size in others)
    size = room if placement.size is None else placement.size
    before = f" after {used} for {', '.join(f'`{p.variable}`' for p, _ in others)}" if others else ""
    return Diagnostic(
        "CS322",
        f"`{placement.variable}` needs {size} dims{before}, but `{placement.site.text}` of `{network}` has {room}",
        Label(placement.size_span),
        tuple(Label(p.span, "placed here") for p, _ in others),
        help="variables at one site share it in disjoint blocks: make them smaller, or choose another site",
    )
