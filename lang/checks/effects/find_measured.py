"""Where an effect or a mean is measured: in which network, and at which task."""

from ...diagnostics import Span
from ...scope import Names, Signature, report_repeated
from ...suggest import suggest
from ...syntax.effects import OnNetworkSyntax
from ...syntax.leaves import Name
from ..networks.reference import NetworkMeant, check_network_reference


def find_tasks(names: Names) -> list[Signature] | None:
    """Every task; None where one is broken, so that nothing can be said."""
    tasks = [task for task in names.tasks.entries.values() if task is not None]
    return tasks if len(tasks) == len(names.tasks.entries) and tasks else None


def find_one_task(tasks: list[Signature], network: str, span: Span, what: str, names: Names) -> Signature | None:
    """The one task that is meant: the only one, else the only one that the network is aligned with."""
    if len(tasks) == 1:
        return tasks[0]
    views = names.alignments.entries.values()
    serves = {view.task for view in views if view is not None and view.network == network}
    served = [task for task in tasks if task.name in serves]
    if len(served) == 1:
        return served[0]
    names.report.error(
        "CS416",
        f"`{what}` at which task",
        span,
        notes=[f"`{task.name}` could be meant" for task in tasks[:4]],
        help="read a metric that one task alone has, or set a variable of an alignment",
    )
    return None


def find_measured_network(
    on: tuple[OnNetworkSyntax, ...], own: list[NetworkMeant], span: Span, what: str, names: Names
) -> NetworkMeant | None:
    """The network that `on` names, else the one that what is named lies in, else the file's only one."""
    if len(on) > 1:
        report_repeated(names.report, "`on`", on[1].span, on[0].span)
        return None
    if on:
        found = check_network_reference(on[0].network, names)
        other = next((n for n in own if found is not None and n.name != found.name), None)
        if found is not None and other is not None and what != "mean":
            names.report.error(
                "CS469",
                f"what is named lies in `{other.name}`, and `{found.name}` is measured",
                on[0].span,
                help="leave `on` out, or name sites and circuits, which every network of this kind has",
            )
            return None
        return found
    if len(own) == 1:
        return own[0]
    declared = names.networks.entries
    if not own and len(declared) == 1:
        (only,) = declared
        return NetworkMeant(only, False) if declared[only] is not None else None
    choices = [network.name for network in own] or list(declared)
    names.report.error(
        "CS460",
        f"`{what}` in which network",
        span,
        help=f"name it: `on N`; {suggest('', choices, 'networks')}" if choices else "declare a `network` first",
    )
    return None


def is_over_repeated(over: tuple[tuple[Name, ...], ...], names: Names) -> bool:
    if len(over) > 1:
        report_repeated(names.report, "`over`", over[1][0].span, over[0][0].span)
    return len(over) > 1
