"""Checks of a spec against its networks' files: what the header says, never a weight.

From a typed program and the spec's folder to the networks' facts and diagnostics.
"""

from pathlib import Path

from ..lang.claims import Accuracy, Estimand
from ..lang.diagnostics import Diagnostic, Label
from ..lang.program import Alignment, Network, Program, Task
from .check_positions import FedNetwork, check_positions
from .check_sites import check_sites
from .experiments import NetworkFile
from .network_facts import BadCheckpointError, read_network_facts


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
    for alignment, name in _grounded(program):
        if name in files:
            task = program.tasks[program.models[alignment.model].task]
            fed = FedNetwork(name, files[name].facts, task.tokens)
            found += _check_task(task, fed)
            found += check_sites(alignment, fed, program.alignments)
    for task_name, name in _measured(program):
        if name in files:
            task = program.tasks[task_name]
            found += _check_task(task, FedNetwork(name, files[name].facts, task.tokens))
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
    """The (task, network) pairs whose accuracy is claimed."""
    return list(dict.fromkeys((e.task, e.network) for e in _estimands(program) if isinstance(e, Accuracy)))


def _grounded(program: Program) -> list[tuple[Alignment, str]]:
    """The (alignment, network) pairs: each alignment on its own network, and on those of `iia(A on N)`."""
    own = [(a.name, a.network) for a in program.alignments.values()]
    moved = [(e.alignment, e.network) for e in _estimands(program) if not isinstance(e, Accuracy)]
    return [(program.alignments[a], n) for a, n in dict.fromkeys(own + moved)]


def _estimands(program: Program) -> list[Estimand]:
    return [t.estimand for c in program.claims.values() for p in c.parts for t in (*p.left.terms, *p.right.terms)]


def _check_task(task: Task, network: FedNetwork) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    facts = network.facts
    if not facts.accepts(len(task.tokens)):
        found.append(
            Diagnostic(
                "CS510",
                f"expected {facts.token_counts} tokens, found {len(task.tokens)}: the network `{network.name}` reads"
                f" {facts.token_counts}",
                Label(task.rendering.span),
                help="list one input for each of the network's tokens, in its order",
            )
        )
    for declared in task.inputs:
        if declared.name in task.tokens and declared.domain.size > facts.vocabulary:
            found.append(
                Diagnostic(
                    "CS511",
                    f"`{declared.name}` has {declared.domain.size} values, but the network `{network.name}` knows"
                    f" {facts.vocabulary} tokens",
                    Label(declared.span),
                    help="a value's index in its domain is its token id: make the domain smaller",
                )
            )
    for answer in task.answers:
        positions = () if answer.position is None else (answer.position,)
        found += check_positions(positions, f"the answer `{answer.output}`", answer.span, network)
        beyond = [c for c in answer.classes if c >= facts.classes]
        if not beyond:
            continue
        found.append(
            Diagnostic(
                "CS512",
                f"expected class indices 0..{facts.classes - 1}, found {beyond[0]}: the network `{network.name}` has"
                f" {facts.classes} classes",
                Label(answer.span),
                help="map each value of the output to one of the network's classes",
            )
        )
    return found
