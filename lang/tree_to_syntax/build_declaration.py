"""The driver: the parse tree of one declaration -> its node. Iterative, so that no input can exhaust the stack."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..diagnostics import Span
from ..parsing.parse_tree import Tree
from ..parsing.scanner import MAX_NESTING
from ..syntax.expressions import Loop
from ..syntax.tree import Declaration
from . import (
    alignments,
    circuits,
    claims,
    domains,
    effects,
    expressions,
    imports,
    members,
    metrics,
    models,
    networks,
    pairs,
    settings,
    tables,
    tasks,
    texts,
)
from .faults import BrokenSyntaxError, ChainedComparisonsError, explain_chain, explain_nesting

MODULES = (
    *(imports, domains, tables, tasks, texts, metrics, members, models, expressions),
    *(networks, alignments, settings, pairs, claims, effects, circuits),
)
BUILDERS: dict[str, Callable[[Span, list[Any]], Any]] = {
    name.removeprefix("build_"): builder
    for module in MODULES
    for name, builder in vars(module).items()
    if name.startswith("build_")
}
"""The function of each grammar rule, by the rule's name."""

# Rules whose nodes stand one inside the other in an expression: their depth is bounded.
NESTING_RULES = frozenset(
    {"conditional", "either", "both", "invert", "relation", "sum", "product", "negative", "call", "member", "keys"}
    | {"comprehension", "task_for", "model_for", "align_for"}
    | {"claim_sum", "claim_product", "claim_negative", "claim_all"}
    | {"metric_sum", "metric_product", "metric_negative"}
    | {"value_sum", "value_product", "value_negative", "graph_for"}
)


def build_declaration(tree: Tree, text: str, doc: str) -> Declaration:
    """The node of a declaration in `text`, `doc` before it.

    Raises:
        BrokenSyntaxError: what it says has no syntax node.
    """
    try:
        declaration: Declaration = _build_node(tree)
    except ChainedComparisonsError as chain:
        raise BrokenSyntaxError(explain_chain(chain, text)) from None
    return replace(declaration, doc=doc)


def build_loop_head(tree: Tree) -> Loop:
    """The node of `for NAME in DOMAIN`, which stands before declarations. Raises BrokenSyntaxError."""
    loop: Loop = _build_node(tree)
    return loop


def _build_node(tree: Tree) -> Any:
    results: list[tuple[Any, int]] = []
    pending: list[tuple[Any, bool]] = [(tree, False)]
    while pending:
        item, expanded = pending.pop()
        if not isinstance(item, Tree):
            results.append((item, 0))
        elif not expanded:
            pending.append((item, True))
            pending.extend((child, False) for child in reversed(item.children))
        else:
            count = len(item.children)
            values = results[len(results) - count :]
            del results[len(results) - count :]
            depth = max((d for _, d in values), default=0) + (item.data in NESTING_RULES)
            span = Span(0, 0) if item.empty else Span(item.start_pos, item.end_pos)
            if depth > MAX_NESTING:
                raise BrokenSyntaxError(explain_nesting(span))
            results.append((BUILDERS[item.data](span, [value for value, _ in values]), depth))
    return results[0][0]
