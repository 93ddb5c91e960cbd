"""`mean(METRIC on N over P)` as written -> typed: a metric of one task, with its bounds."""

from ...effects import Mean
from ...exact import exact
from ...scope import Names
from ...suggest import suggest
from ...syntax.effects import MeanSyntax
from ..effects.find_measured import find_measured_network, find_one_task, find_tasks, is_over_repeated
from ..pairs.find_recipe import find_recipe


def check_mean(syntax: MeanSyntax, names: Names) -> Mean | None:
    """`mean(METRIC on N over P)`; None after an error."""
    report, errors = names.report, names.report.errors
    network = find_measured_network(syntax.on, [], syntax.span, "mean", names)
    if is_over_repeated(syntax.over, names) or network is None:
        return None
    tasks = find_tasks(names)
    if tasks is None:
        return None
    having = [task for task in tasks if syntax.metric.text in task.metrics]
    if not having:
        every = dict.fromkeys(metric for task in tasks for metric in task.metrics)
        report.error(
            "CS471",
            f"expected a metric, found `{syntax.metric.text}`",
            syntax.metric.span,
            help=suggest(syntax.metric.text, every, "metrics"),
        )
        return None
    task = find_one_task(having, network.name, syntax.span, f"mean({syntax.metric.text})", names)
    if task is None:
        return None
    metric = task.metrics[syntax.metric.text]
    recipe = find_recipe(syntax.over[0] if syntax.over else (), task.name, names, syntax.span, report)
    if metric is None or report.errors > errors or not recipe.known:
        return None
    low, high = exact(metric.low), exact(metric.high)
    return Mean(
        metric.name, network.name, network.random, task.name, recipe.name, low, high, network.ungated, syntax.span
    )
