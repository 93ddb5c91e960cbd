"""The same term with other parts: in other worlds, or with any kind of part changed."""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from operator import is_
from typing import Any, TypeVar

from .algebra import MetricOf, ModelWorld, NetworkWorld, Run, World

Term = TypeVar("Term")


def on_random(score: Term) -> Term:
    """The same score on untrained networks of the same architecture."""
    return _in_worlds(score, lambda world: replace(world, random=True) if isinstance(world, NetworkWorld) else world)


def on_model(score: Term, model: str) -> Term:
    """The same score against another causal model."""
    return _in_worlds(score, lambda world: ModelWorld(model) if isinstance(world, ModelWorld) else world)


def in_worlds(score: Term, model: ModelWorld, network: NetworkWorld, others: Mapping[str, str] | None = None) -> Term:
    """The same score in one model and one network; `others` are names for further networks in it."""

    def change(world: World) -> World:
        if isinstance(world, ModelWorld):
            return model
        return NetworkWorld(others[world.network]) if others and world.network in others else network

    return _in_worlds(score, change)


def unnamed_metric(score: Term) -> Term:
    """The same score of a metric whose name says nothing."""
    return rewrite(score, MetricOf, lambda query: replace(query, metric="metric"))


def _in_worlds(term: Term, change: Callable[[World], World]) -> Term:
    return rewrite(term, ModelWorld | NetworkWorld, change)


def rewrite(term: Term, kind: Any, change: Callable[[Any], Any]) -> Term:
    """The term with `change` of every part of a kind, from the outside in; what has none of them stays the very same.

    A run that is read several times is gone through once.
    """
    runs: dict[int, Any] = {}

    def walk(node: Any) -> Any:
        if node is None or isinstance(node, str | int):
            return node
        if isinstance(node, kind):
            return change(node)
        if isinstance(node, tuple):
            parts = tuple(map(walk, node))
            return node if all(map(is_, parts, node)) else parts
        names = _fields_of(type(node))
        if not names:
            return node
        if isinstance(node, Run) and id(node) in runs:
            return runs[id(node)]
        values = [getattr(node, name) for name in names]
        walked = list(map(walk, values))
        changed = node if all(map(is_, walked, values)) else type(node)(*walked)
        if isinstance(node, Run):
            runs[id(node)] = changed
        return changed

    walked: Term = walk(term)
    return walked


_FIELDS: dict[type, tuple[str, ...]] = {}


def _fields_of(kind: Any) -> tuple[str, ...]:
    """The fields of a record; none of anything else."""
    if kind not in _FIELDS:
        _FIELDS[kind] = tuple(each.name for each in fields(kind)) if is_dataclass(kind) else ()
    return _FIELDS[kind]
