"""Flattening: from expressions over leaves to relations, one per distinct operation.

Equal subexpressions are one node, so two models that compute the same thing in the same way share it, and a variable
that an interchange sets is simply a leaf that later mechanisms read.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from itertools import accumulate

import numpy as np

from ...lang.expressions import Apply, Constant, Expression, Listing, Variable
from ...lang.record import record
from ..causal_model import CausalModel
from ..expressions import OPERATIONS, Column, column_name, listing_values
from .eliminate import Elimination, eliminate
from .relations import Budget, Relation, relation

_COMMUTATIVE = frozenset({"and", "or", "==", "!=", "+", "*", "min", "max"})
_SAME = {"==": 1, "!=": 0, "<": 0, ">": 0, "<=": 1, ">=": 1}
_MIRRORED = {">": "<", ">=": "<="}


@record
class Node:
    """A leaf (`values` are what it may be), a constant (one value, no name), or an operator on nodes."""

    operator: str
    arguments: tuple[int, ...]
    values: Column | None = None


@record
class Solution:
    """An elimination, and what a column's codes stand for: `values[node][code]` is a value."""

    elimination: Elimination
    values: Mapping[int, Column]

    def kept(self, node: int) -> Column:
        """A kept node's values, shape [row] of the elimination's table."""
        return self.values[node][self.elimination.table.of(node)]

    def decode(self, assigned: Mapping[int, Column], node: int) -> Column:
        """A node's values from codes that the elimination drew or expanded."""
        return self.values[node][assigned[node]]


class Graph:
    """Hash-consed nodes. Node ids are also the column ids of relations."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self._ids: dict[tuple[str, tuple[int, ...]], int] = {}
        self._listings: dict[Listing, int] = {}

    def leaf(self, values: Column) -> int:
        """A new leaf; `values` are distinct and sorted."""
        self.nodes.append(Node("leaf", (), values))
        return len(self.nodes) - 1

    def leaf_values(self, node: int) -> Column:
        """What a leaf may be."""
        values = self.nodes[node].values
        assert values is not None
        return values

    def constant(self, value: int) -> int:
        """The node of a number."""
        return self._intern("constant", (value,), np.array([value], dtype=np.int64))

    def listing(self, listing: Listing) -> int:
        """The node of a table's values, which `lookup` reads: like a constant, it is no column of its own."""
        if listing not in self._listings:
            self._listings[listing] = len(self._listings)
        return self._intern("listing", (self._listings[listing],), listing_values(listing))

    def apply(self, operator: str, arguments: Sequence[int]) -> int:
        """The node of an operation, simplified where its value does not depend on what it reads."""
        args = tuple(arguments)
        if operator == "the":
            return args[1]
        if operator in ("min", "max") and len(args) != 2:
            return reduce(lambda a, b: self.apply(operator, (a, b)), args)
        if operator == "in":
            return reduce(lambda a, b: self.apply("or", (a, b)), [self.apply("==", (args[0], b)) for b in args[1:]])
        if all(self._is_constant(a) for a in args):
            operands = [self.nodes[a].values for a in args]
            return self.constant(int(OPERATIONS[operator](*operands)[0]))
        if operator == "if":
            condition, yes, no = args
            if self._is_constant(condition):
                return yes if self._constant(condition) else no
            if yes == no:
                return yes
        elif len(args) == 2:
            if operator in _MIRRORED:
                operator, args = _MIRRORED[operator], (args[1], args[0])
            if args[0] == args[1] and operator in _SAME:
                return self.constant(_SAME[operator])
            if args[0] == args[1] and operator in ("and", "or", "min", "max"):
                return args[0]
            if operator in _COMMUTATIVE:
                args = (min(args), max(args))
            if operator in ("and", "or"):
                for known, other in (args, args[::-1]):
                    if self._is_constant(known):
                        absorbs = self._constant(known) == (operator == "or")
                        return self.constant(int(operator == "or")) if absorbs else other
        return self._intern(operator, args, None)

    def expression(self, expression: Expression, environment: Mapping[str, int]) -> int:
        """The node of an expression; `environment` maps the columns that its variables read to nodes."""
        match expression:
            case Constant(value=value):
                return self.constant(value)
            case Listing():
                return self.listing(expression)
            case Variable():
                return environment[column_name(expression)]
            case Apply(operator=operator, arguments=arguments):
                return self.apply(operator, [self.expression(a, environment) for a in arguments])

    def model(self, model: CausalModel, inputs: Mapping[str, int], setting: Mapping[str, int]) -> dict[str, int]:
        """The node of every variable of a model, where variables of `setting` are set to other nodes.

        A member of a family is computed from the tuple only where the tuple is set: else the tuple is no node on the
        way from the inputs to the output, and its joint values are never listed.
        """
        environment = dict(inputs)
        for mechanism in model.mechanisms:
            name = mechanism.name
            if name in setting:
                environment[name] = setting[name]
            else:
                environment[name] = self.expression(model.equation(name, setting), environment)
        return environment

    def solve(
        self,
        keep: Sequence[int],
        true: Iterable[int] = (),
        extra: Sequence[Relation] = (),
        budget: Budget | None = None,
    ) -> Solution:
        """Total weights over the kept nodes, of all values of the leaves under which the nodes of `true` are 1.

        Only leaves that the kept nodes, `true` or `extra` reach take part. `extra` are relations over leaves' codes.
        Raises TooLargeError.
        """
        budget = budget or Budget()
        clamps: dict[int, int] = {}
        possible = all(self._clamp(node, 1, clamps) for node in true)
        wanted = self._ancestors([*keep, *clamps, *(c for e in extra for c in e.columns)])
        values: dict[int, Column] = {}
        factors = list(extra)
        for node in sorted(wanted):
            tables = self._tabulate(node, clamps.get(node), values, budget)
            factors += tables
        covered = {column for factor in factors for column in factor.columns}
        for node in wanted:
            if node not in covered and node in values:
                factors.append(relation((node,), (np.arange(len(values[node])),)))
        if not possible:
            factors.append(Relation((), (), np.ones(0)))
        sizes = {node: len(column) for node, column in values.items()}
        return Solution(eliminate(factors, sizes, keep, budget), values)

    def _tabulate(self, node: int, clamp: int | None, values: dict[int, Column], budget: Budget) -> list[Relation]:
        """Enter the node's values into `values`; the relation of an operation, and of a leaf that is clamped."""
        this = self.nodes[node]
        if this.values is not None:
            values[node] = this.values
            if clamp is None:
                return []
            return [relation((node,), (np.flatnonzero(this.values == clamp),))]
        operands = [a for a in dict.fromkeys(this.arguments) if not self._is_constant(a)]
        if this.operator == "==" and clamp == 1 and len(operands) == 2:
            _, first, second = np.intersect1d(
                values[operands[0]], values[operands[1]], assume_unique=True, return_indices=True
            )
            codes = [first, second]
            result = np.ones(len(first), dtype=np.int64)
        else:
            sizes = [len(values[o]) for o in operands]
            rows = float(np.prod([float(s) for s in sizes]))
            budget.spend(rows)
            after = list(accumulate(reversed(sizes), lambda a, b: a * b, initial=1))[-2::-1]
            total = int(rows)
            codes = [
                np.tile(np.repeat(np.arange(size), inner), total // (size * inner) if total else 0)
                for size, inner in zip(sizes, after, strict=True)
            ]
            at = {o: values[o][c] for o, c in zip(operands, codes, strict=True)}
            result = OPERATIONS[this.operator](*(at.get(a, self.nodes[a].values) for a in this.arguments))
            result = np.broadcast_to(result, (total,)).astype(np.int64, copy=False)
            if clamp is not None:
                right = np.flatnonzero(result == clamp)
                codes, result = [c[right] for c in codes], result[right]
        values[node], ranks = ranked(result)
        return [relation((*operands, node), (*codes, ranks))]

    def _clamp(self, node: int, value: int, clamps: dict[int, int]) -> bool:
        """Enter what must hold for the node to have the value; False where that is impossible."""
        this = self.nodes[node]
        if self._is_constant(node):
            return self._constant(node) == value
        if this.operator == "not":
            return self._clamp(this.arguments[0], 1 - value, clamps)
        if (this.operator, value) in (("and", 1), ("or", 0)):
            return all(self._clamp(a, value, clamps) for a in this.arguments)
        if clamps.get(node, value) != value:
            return False
        clamps[node] = value
        return True

    def _ancestors(self, nodes: Iterable[int]) -> set[int]:
        found: set[int] = set()
        stack = list(nodes)
        while stack:
            node = stack.pop()
            if node not in found:
                found.add(node)
                if not self._is_constant(node):
                    stack += [a for a in self.nodes[node].arguments if not self._is_constant(a)]
        return found

    def _is_constant(self, node: int) -> bool:
        return self.nodes[node].operator in ("constant", "listing")

    def _constant(self, node: int) -> int:
        return self.nodes[node].arguments[0]

    def _intern(self, operator: str, arguments: tuple[int, ...], values: Column | None) -> int:
        key = (operator, arguments)
        if key not in self._ids:
            self.nodes.append(Node(operator, arguments, values))
            self._ids[key] = len(self.nodes) - 1
        return self._ids[key]


def ranked(column: Column) -> tuple[Column, Column]:
    """The distinct values of a column, sorted, and the rank of each entry among them."""
    if not len(column):
        return column, column
    low, high = int(column.min()), int(column.max())
    if high - low >= max(1 << 16, 8 * len(column)):
        distinct, ranks = np.unique(column, return_inverse=True)
        return distinct, ranks.reshape(-1)
    present = np.zeros(high - low + 1, dtype=bool)
    present[column - low] = True
    offsets = np.flatnonzero(present)
    if len(offsets) == len(present):
        return offsets + low, column - low
    position = np.cumsum(present) - 1
    return offsets + low, position[column - low]
