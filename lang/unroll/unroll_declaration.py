"""A declaration -> the same without loops: lines of loops one by one, loop variables as values wherever they stand.

It walks any declaration by its fields, so that a construct that is new to the language needs nothing here.
"""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from fractions import Fraction
from functools import cache
from typing import Any, TypeVar, cast, get_args

from ..diagnostics import Span
from ..families import member_name
from ..record import record
from ..scope import Reporter
from ..syntax.alignments import Dims, SizesSyntax
from ..syntax.expressions import ExpressionSyntax, Number, Reference
from ..syntax.leaves import Decimal, Integer, Name, Text
from ..syntax.members import ForSyntax, Indexed, PositionItem
from ..syntax.networks import Argument
from ..syntax.settings import Setting
from ..syntax.tasks import AnswerEntry
from .bindings import Bindings, show_value
from .fill_texts import fill_text
from .static_index import report_not_static
from .static_values import static_value
from .unroll_expressions import ExpressionUnroller, index_text

Node = TypeVar("Node")

_EXPRESSIONS: tuple[type, ...] = tuple(t for t in get_args(ExpressionSyntax) if t is not Text)


@record
class DeclarationUnroller:
    """Unrolls one declaration."""

    expressions: ExpressionUnroller
    report: Reporter

    def unroll(self, node: Node, bindings: Bindings) -> Node:
        """Any part of a declaration."""
        unrolled: Node = self._node(node, bindings)
        return unrolled

    def _node(self, node: Any, bindings: Bindings) -> Any:
        if isinstance(node, tuple):
            return tuple(self._items(node, bindings)) if node else node
        if isinstance(node, _EXPRESSIONS):
            return self.expressions.unroll(cast(ExpressionSyntax, node), bindings)
        match node:
            case Indexed():
                return self._indexed(node, bindings)
            case Name(index=None) | Span() | str() | int() | None:
                return node
            case Name():
                return self._name(node, bindings)
            case Integer(computed=computed):
                return node if computed is None else self._integer(computed, bindings)
            case Text():
                return fill_text(node, bindings)
        if not is_dataclass(node):
            return node
        if bindings.values:
            node = _with_values(node, bindings)
        changed = {}
        for name in _field_names(type(node)):  # type: ignore[arg-type]
            before = getattr(node, name)
            after = self._node(before, bindings)
            if after is not before:
                changed[name] = after
        return replace(node, **changed) if changed else node

    def _items(self, nodes: tuple[Any, ...], bindings: Bindings) -> Iterator[Any]:
        """Each of several nodes; of a loop, its lines in the order in which the loop runs."""
        for node in nodes:
            if isinstance(node, ForSyntax):
                values = self.expressions.values
                for value in values.of(node.variable, node.domain, bindings, self.expressions.unroll):
                    inner = bindings.bind(node.variable, value)
                    for line in node.body:
                        if not isinstance(line, ForSyntax):
                            values.budget.spend_line(node.span)
                        yield from self._items((line,), inner)
            else:
                yield self._node(node, bindings)

    def _indexed(self, syntax: Indexed, bindings: Bindings) -> Indexed:
        """A member by its name. An index that is not known beforehand is an error."""
        if syntax.index is None:
            return syntax
        index = self.expressions.index(syntax.index, bindings)
        text = index_text(index)
        if text is None:
            report_not_static("an index here", index, self.report)
            return syntax
        return Indexed(Name(member_name(syntax.name.text, text), syntax.span), None, syntax.span)

    def _name(self, name: Name, bindings: Bindings) -> Name:
        """A declaration's whole name. It reads no variables, so a plain name as an index is a symbol."""
        assert name.index is not None
        index = self.expressions.index(name.index, bindings)
        plain = isinstance(index, Reference) and index.index is None and index.role is None
        text = index.name.text if plain and isinstance(index, Reference) else index_text(index)
        if text is None:
            report_not_static("an index here", index, self.report)
            return replace(name, index=None)
        return Name(member_name(name.text, text), name.span)

    def _integer(self, computed: ExpressionSyntax, bindings: Bindings) -> Integer:
        found = self.expressions.unroll(computed, bindings)
        value = static_value(found)
        if type(value) is not int:
            report_not_static("an index here", found, self.report)
            return Integer(0, computed.span)
        return Integer(value, computed.span)


@cache
def _field_names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind) if field.name not in ("doc", "span"))


def _with_values(node: Any, bindings: Bindings) -> Any:
    """A node whose own words may be loop variables, with their values instead."""
    match node:
        case Setting(value=Name(text=word, span=span)) | Argument(value=Name(text=word, span=span)):
            value = bindings.values.get(word)
            if isinstance(value, Number):
                return replace(node, value=Decimal(Fraction(value.value), True, span))
            return node if value is None else replace(node, value=Name(show_value(value), span))
        case PositionItem(word=Name(text=word)):
            value = bindings.values.get(word)
            return PositionItem(None, value.value, None, span=node.span) if isinstance(value, Number) else node
        case AnswerEntry(value=Name(text=word, span=span)):
            value = bindings.values.get(word)
            if isinstance(value, Number):
                return replace(node, value=Integer(value.value, span))
            return node if value is None else replace(node, value=Name(show_value(value), span))
        case SizesSyntax(entries=entries):
            return replace(node, entries=tuple(_size(entry, bindings) for entry in entries))
    return node


def _size(entry: Dims | Name, bindings: Bindings) -> Dims | Name:
    value = bindings.values.get(entry.text) if isinstance(entry, Name) else None
    if not isinstance(value, Number):
        return entry
    size = Integer(value.value, entry.span)
    return Dims(size, size, entry.span)


def tag_spans(node: Node, run: str, unroller: DeclarationUnroller) -> Node:
    """A copy of a declaration whose places say in which run of the loops around it they are."""
    tagged: Node = _tagged(node, run, unroller.expressions.values.budget.spend_copy)
    return tagged


def _tagged(node: Any, run: str, spend: Any) -> Any:
    if isinstance(node, Span):
        return Span(node.start, node.end, run)
    if isinstance(node, tuple):
        return tuple(_tagged(item, run, spend) for item in node)
    if not is_dataclass(node) or isinstance(node, type):
        return node
    if isinstance(span := getattr(node, "span", None), Span):
        spend(span)
    return replace(node, **{f.name: _tagged(getattr(node, f.name), run, spend) for f in fields(node) if f.init})
