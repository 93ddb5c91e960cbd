"""`accuracy(...)` as written -> typed: its network, its task and its items."""

from ...claims import Accuracy
from ...scope import Names
from ...suggest import suggest
from ...syntax.claims import AccuracySyntax
from ..networks.reference import NetworkMeant, check_network_reference
from ..pairs.find_recipe import find_recipe


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
