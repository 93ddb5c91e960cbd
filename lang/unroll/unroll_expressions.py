"""Expressions -> the same with values in the place of loop variables, and comprehensions written out."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ..families import member_name
from ..record import record
from ..syntax.expressions import (
    Attribute,
    Call,
    Comprehension,
    Conditional,
    ExpressionSyntax,
    InRange,
    InSet,
    InType,
    Lookup,
    Loop,
    Number,
    Operation,
    Reference,
    Symbol,
    Term,
    The,
    Truth,
    Unrolled,
    UnrolledThe,
)
from ..syntax.leaves import Name, Text
from .bindings import Bindings, show_value
from .fill_texts import fill_text
from .loop_values import LoopValues, value_of, values_of
from .static_values import static_value


@record
class ExpressionUnroller:
    """Writes expressions out. `tables` are names whose bracket holds a key; `symbols` are symbols by name."""

    values: LoopValues
    tables: Mapping[str, object]
    symbols: Mapping[str, object]

    def unroll(self, syntax: ExpressionSyntax, bindings: Bindings) -> ExpressionSyntax:
        """The expression without loops."""
        match syntax:
            case Number() | Truth() | Symbol() | Unrolled() | UnrolledThe():
                return syntax
            case Text():
                return fill_text(syntax, bindings)
            case Reference():
                return self._reference(syntax, bindings)
            case Lookup(table, keys):
                return replace(syntax, table=self.unroll(table, bindings), keys=self._all(keys, bindings))
            case Attribute(value=value):
                return _attribute(replace(syntax, value=self.unroll(value, bindings)))
            case Operation(operator=("and" | "or")):
                return self._logic(syntax, bindings)
            case Operation(operands=operands):
                return replace(syntax, operands=_alike(self._all(operands, bindings)))
            case Conditional():
                return self._conditional(syntax, bindings)
            case InSet(element, alternatives):
                parts = _alike(self._all((element, *alternatives), bindings))
                return replace(syntax, element=parts[0], alternatives=parts[1:])
            case InRange(element, low, high):
                element, low, high = (self.unroll(part, bindings) for part in (element, low, high))
                return replace(syntax, element=element, low=low, high=high)
            case InType():
                return self._in_type(syntax, bindings)
            case Call(arguments=arguments):
                return replace(syntax, arguments=self._all(arguments, bindings))
            case Comprehension():
                terms = self._terms(syntax.element, syntax.loops, syntax.where, bindings)
                return Unrolled(syntax.function, tuple(terms), syntax.span)
            case The(variable, domain, where, span):
                value = Reference(variable, span=variable.span)
                loop = Loop(variable, domain, span)
                return UnrolledThe(tuple(self._terms(value, (loop,), where, bindings)), span)

    def index(self, index: ExpressionSyntax, bindings: Bindings) -> ExpressionSyntax:
        """An index; a plain name that is a symbol is one."""
        unrolled = self.unroll(index, bindings)
        if isinstance(unrolled, Reference) and unrolled.index is None and unrolled.role is None:
            word = unrolled.name.text
            if word in self.symbols and word not in self.values.taken:
                return Text(word, unrolled.span)
        return unrolled

    def _all(self, parts: tuple[ExpressionSyntax, ...], bindings: Bindings) -> tuple[ExpressionSyntax, ...]:
        return tuple(self.unroll(part, bindings) for part in parts)

    def _reference(self, syntax: Reference, bindings: Bindings) -> ExpressionSyntax:
        word = syntax.name.text
        if syntax.index is None:
            if syntax.role is None and word in bindings.values:
                return replace(bindings.values[word], span=syntax.span)
            return syntax
        if word in self.tables:
            return replace(syntax, index=self.unroll(syntax.index, bindings), loop=bindings.text)
        index = self.index(syntax.index, bindings)
        value = index_text(index)
        if value is not None:
            name = Name(member_name(word, value), syntax.name.span)
            return Reference(name, syntax.role, None, syntax.span, bindings.text)
        return replace(syntax, index=index, loop=bindings.text)

    def _logic(self, syntax: Operation, bindings: Bindings) -> ExpressionSyntax:
        """`and`, `or`: within a loop, a left side that decides leaves the right side away; a neutral side goes."""
        first, second = syntax.operands
        left = self.unroll(first, bindings)
        decisive = syntax.operator == "or"
        known = static_value(left) if bindings.values else None
        if known is decisive:
            return Truth(decisive, syntax.span)
        right = self.unroll(second, bindings)
        if isinstance(known, bool):
            return right
        return replace(syntax, operands=(left, right))

    def _in_type(self, syntax: InType, bindings: Bindings) -> ExpressionSyntax:
        """Whether a value is one of a type's: of a range, between its ends; of symbols, one of them."""
        element = self.unroll(syntax.element, bindings)
        domain, span = self.values.domains.check_domain(syntax.type), syntax.type.span
        if domain is None:
            return Truth(True, syntax.span)
        if domain.is_integer:
            ends = Number(domain.low, span), Number(domain.high, span)
            return InRange(element, *ends, syntax.negated, syntax.span)
        alternatives = values_of(domain, span)
        self.values.budget.spend_steps(len(alternatives), syntax.span)
        parts = _alike((element, *alternatives))
        return InSet(parts[0], parts[1:], syntax.negated, syntax.span)

    def _conditional(self, syntax: Conditional, bindings: Bindings) -> ExpressionSyntax:
        condition = self.unroll(syntax.condition, bindings)
        chosen = static_value(condition) if bindings.values else None
        if isinstance(chosen, bool):
            return self.unroll(syntax.then if chosen else syntax.otherwise, bindings)
        then, otherwise = (self.unroll(branch, bindings) for branch in (syntax.then, syntax.otherwise))
        return replace(syntax, condition=condition, then=then, otherwise=otherwise)

    def _terms(
        self, element: ExpressionSyntax, loops: tuple[Loop, ...], where: ExpressionSyntax | None, bindings: Bindings
    ) -> Iterator[Term]:
        for inner in self._runs(loops, bindings):
            condition = None if where is None else self.unroll(where, inner)
            known = None if condition is None else static_value(condition)
            if known is not False:
                yield Term(self.unroll(element, inner), None if known is True else condition)

    def _runs(self, loops: tuple[Loop, ...], bindings: Bindings) -> Iterator[Bindings]:
        if not loops:
            yield bindings
            return
        first, *rest = loops
        for value in self.values.of(first.variable, first.domain, bindings, self.unroll):
            yield from self._runs(tuple(rest), bindings.bind(first.variable, value))


def index_text(index: ExpressionSyntax) -> str | None:
    """What stands in a member's name for an index that is known; None where it depends on what is read."""
    if isinstance(index, Number | Truth | Symbol):
        return show_value(index)
    if isinstance(index, Text):
        return index.value
    value = static_value(index)
    return str(value) if type(value) is int else None


def _attribute(syntax: Attribute) -> ExpressionSyntax:
    """The attribute itself, where its value is known."""
    value = syntax.value
    if not isinstance(value, Symbol) or value.domain.labels is None:
        return syntax
    for attribute in value.domain.attributes:
        if attribute.name == syntax.name.text:
            return value_of(attribute.domain, attribute.values[value.domain.labels.index(value.label)], syntax.span)
    return syntax


def _alike(parts: tuple[ExpressionSyntax, ...]) -> tuple[ExpressionSyntax, ...]:
    """Operands of a comparison: beside a loop variable's symbol, a name of its type is a symbol too."""
    domain = next((part.domain for part in parts if isinstance(part, Symbol)), None)
    if domain is None or domain.labels is None:
        return parts
    labels = domain.labels
    return tuple(
        Symbol(part.name.text, domain, part.span)
        if isinstance(part, Reference) and part.index is None and part.role is None and part.name.text in labels
        else part
        for part in parts
    )
