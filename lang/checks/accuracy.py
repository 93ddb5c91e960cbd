"""`accuracy(...)` and a reference to a network as written -> typed."""

from ..claims import Accuracy
from ..record import record
from ..scope import Names
from ..suggest import suggest
from ..syntax.claims import AccuracySyntax
from ..syntax.networks import NetworkReference
from .find_recipe import find_recipe


@record
class NetworkMeant:
    """A declared network, or the draws of `random(N)`; `ungated` where it is used so."""

    name: str
    random: bool
    ungated: bool = False


def check_network_reference(reference: NetworkReference, names: Names) -> NetworkMeant | None:
    """`N` or `random(N)`; None after an error."""
    wrapper, network = reference.wrapper, reference.network
    if wrapper is not None and wrapper.text != "random":
        names.report.error(
            "CS101",
            f"expected `random`, found `{wrapper.text}`",
            wrapper.span,
            help=suggest(wrapper.text, ["random"], "choices"),
        )
        return None
    if network.text == "random" and network.text not in names.networks.entries:
        names.report.error(
            "CS101", "`random` of which network", network.span, help="write `random(N)` with a network's name"
        )
        return None
    if names.find(names.networks, network) is None:
        return None
    return NetworkMeant(network.text, wrapper is not None, reference.ungated)


def check_accuracy(syntax: AccuracySyntax, names: Names) -> Accuracy | None:
    """`accuracy(N)`, `accuracy(N, T over P)`; None after an error."""
    network = check_network_reference(syntax.network, names)
    task = _find_task(syntax, network, names)
    if network is None or task is None:
        return None
    recipe = find_recipe(syntax.over, task, names, syntax.span, names.report)
    return Accuracy(network.name, network.random, task, recipe.name, syntax.span) if recipe.known else None


def _find_task(syntax: AccuracySyntax, network: NetworkMeant | None, names: Names) -> str | None:
    """The task that is named, else the file's only one, else the only one that the network is aligned with."""
    tasks = names.tasks
    if syntax.task is not None:
        return syntax.task.text if names.find(tasks, syntax.task) is not None else None
    if len(tasks.entries) == 1:
        (only,) = tasks.entries
        return only if tasks.entries[only] is not None else None
    views = names.alignments.entries.values()
    if network is None or None in views or None in tasks.entries.values():
        return None
    serves = list(dict.fromkeys(view.task for view in views if view and view.network == network.name))
    if len(serves) == 1:
        return serves[0]
    what = suggest("", tasks.entries, "tasks") if tasks.entries else "declare a `task` first"
    names.report.error(
        "CS416",
        f"`accuracy({network.name})` at which task",
        syntax.span,
        help=f"name it: `accuracy({network.name}, TASK)`; {what}" if tasks.entries else what,
    )
    return None
