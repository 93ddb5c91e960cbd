"""What an effect is on, as written -> typed: a metric, the output or an aligned variable, and how far it may move."""

from fractions import Fraction

from ...domains import Domain
from ...effects import MetricTarget, OutputTarget, Target, VariableTarget
from ...families import families_of
from ...scope import Names, Signature, report_not_placed
from ...suggest import suggest
from ...syntax.effects import ThingSyntax
from ...unroll.static_index import indexed_name
from .thing_scope import ThingScope, whole_name
from .things import find_alignment, is_site

Bounds = tuple[Fraction, Fraction]


def check_target(syntax: ThingSyntax, scope: ThingScope, in_graph: bool = False) -> Target | None:
    """What is read of a run: of a node, what the node reads. `in_graph`: no node is meant. None after an error."""
    names, task, report = scope.names, scope.task, scope.report
    assert task is not None
    if syntax.members is not None:
        return _variable_target(syntax, scope)
    name = whole_name(syntax) if syntax.position is None else None
    word = None if name is None else name.text
    node = names.nodes.entries.get(word) if word is not None and not in_graph else None
    outputs = {*task.outputs, *families_of(task.outputs), task.output}
    if node is not None and node.target.text != word and word in (*task.metrics, *outputs):
        report.error(
            "CS475",
            f"`{word}` can mean several things",
            syntax.span,
            notes=[f"it is a node that reads `{node.target.text}`, and {_what(word, task)} of task `{task.name}`"],
            help="rename the node",
        )
        return None
    if node is not None:
        return node.target
    if word in task.metrics and word in outputs:
        report.error("CS475", f"`{word}` is an output and a metric", syntax.span, help="rename one of them")
        return None
    if word is not None and word in task.metrics:
        return MetricTarget(word)
    if word is not None and word == task.output:
        return OutputTarget(word)
    if word in outputs:
        report.error(
            "CS462",
            f"`{word}` is one of several outputs, which are read together",
            syntax.span,
            help="read a metric, such as `correct`",
        )
        return None
    if is_site(syntax, scope):
        report.error(
            "CS462",
            "a site is no number that an effect could be on",
            syntax.span,
            help="read a metric, the output, or an aligned variable: `effect(X -> A.x)`",
        )
        return None
    if word in names.nodes.entries and not in_graph:
        return None
    nodes = () if in_graph else tuple(names.nodes.entries)
    readable = [*task.metrics, *([task.output] if task.output else []), *nodes]
    report.error(
        "CS462",
        "expected a metric, the output"
        + (" or an aligned variable" if in_graph else ", an aligned variable or a node")
        + f", found {'the node ' if in_graph and word in names.nodes.entries else ''}`{syntax.name.text}`",
        syntax.span,
        help=suggest(syntax.name.text, readable, "things to read"),
    )
    return None


def _what(word: str | None, task: Signature) -> str:
    return "a metric" if word in task.metrics else "an output"


def _variable_target(syntax: ThingSyntax, scope: ThingScope) -> Target | None:
    assert syntax.members is not None
    view = find_alignment(syntax, scope)
    if view is None:
        return None
    if len(syntax.members) != 1:
        scope.report.error(
            "CS462", "an effect is on one variable", syntax.span, help="state an effect for each variable"
        )
        return None
    name = indexed_name(syntax.members[0], scope.report)
    if name is not None and name.text not in view.placed:
        report_not_placed(view, name, scope.report)
        return None
    return None if name is None else VariableTarget(view.name, name.text)


def may_read(syntax: ThingSyntax, task: Signature, names: Names) -> bool:
    """Whether what is read can belong to a task, as far as its name tells."""
    name = whole_name(syntax)
    if syntax.members is not None:
        view = None if name is None else names.alignments.entries.get(name.text)
        return view is None or view.task == task.name
    readable = {*task.outputs, *families_of(task.outputs), task.output, *task.metrics}
    return name is None or name.text in names.nodes.entries or name.text in readable


def change_bounds(target: Target, scope: ThingScope) -> Bounds | None:
    """How far what is read may move, whichever way; None where its metric is wrong, and reported."""
    if not isinstance(target, MetricTarget):
        return Fraction(0), Fraction(1)
    signed = effect_bounds(target, scope)
    return None if signed is None else (Fraction(0), signed[1])


def effect_bounds(target: Target, scope: ThingScope) -> Bounds | None:
    """How far a number that is read may move down and up; None where it is no number, or not known."""
    if isinstance(target, MetricTarget):
        metric = None if scope.task is None else scope.task.metrics[target.name]
        return None if metric is None else (metric.low - metric.high, metric.high - metric.low)
    domain = _domain_of(target, scope)
    if domain is None or domain.parts or not (domain.is_integer or domain.is_boolean):
        return None  # a tuple has no number of its own
    reach = Fraction(domain.high - domain.low)
    return -reach, reach


def is_known(target: Target, scope: ThingScope) -> bool:
    """Whether it is known what values are read: those of a metric or a variable that is wrong are not."""
    if isinstance(target, MetricTarget):
        return scope.task is not None and scope.task.metrics[target.name] is not None
    return _domain_of(target, scope) is not None


def _domain_of(target: OutputTarget | VariableTarget, scope: ThingScope) -> Domain | None:
    if isinstance(target, OutputTarget):
        return None if scope.task is None else scope.task.output_domain
    view = scope.names.alignments.entries[target.alignment]
    model = None if view is None else scope.names.models.entries.get(view.model)
    mechanisms = () if model is None else model.mechanisms
    return next((m.domain for m in mechanisms if m.name == target.variable), None)
