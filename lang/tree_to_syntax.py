"""lark's parse tree of one declaration -> its syntax node. Iterative, so that no input can exhaust Python's stack."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, TypeVar

from . import syntax as s
from .diagnostics import Diagnostic, Label, Span
from .scanner import MAX_NESTING

T = TypeVar("T")

# Rules whose nodes stand one inside the other in an expression: their depth is bounded.
NESTING_RULES = frozenset(
    {"conditional", "either", "both", "invert", "relation", "sum", "product", "negative", "call", "member"}
    | {"comprehension", "task_for", "model_for", "align_for"}
    | {"claim_sum", "claim_product", "claim_negative"}
)


class BrokenSyntaxError(Exception):
    """The declaration parses, yet says something that has no syntax node; carries the one diagnostic."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def build_declaration(tree: Any, text: str, doc: str) -> s.Declaration:
    """The declaration's node, or `BrokenSyntaxError`."""
    builder = _Builder(text, doc)
    results: list[tuple[Any, int]] = []
    pending: list[tuple[Any, bool]] = [(tree, False)]
    while pending:
        item, expanded = pending.pop()
        if not hasattr(item, "children"):
            results.append((item, 0))
        elif not expanded:
            pending.append((item, True))
            pending.extend((child, False) for child in reversed(item.children))
        else:
            count = len(item.children)
            values = results[len(results) - count :]
            del results[len(results) - count :]
            depth = max((d for _, d in values), default=0) + (item.data in NESTING_RULES)
            span = Span(item.meta.start_pos, item.meta.end_pos) if not item.meta.empty else Span(0, 0)
            if depth > MAX_NESTING:
                raise BrokenSyntaxError(
                    Diagnostic(
                        "CS007",
                        f"nested too deeply: more than {MAX_NESTING} levels",
                        Label(span),
                        help="name a part of it as a variable of its own",
                    )
                )
            build: Callable[[Span, list[Any]], Any] = getattr(builder, f"build_{item.data}")
            results.append((build(span, [value for value, _ in values]), depth))
    declaration: s.Declaration = results[0][0]
    return declaration


def _span(token: Any) -> Span:
    return Span(token.start_pos, token.end_pos)


def _name(token: Any) -> s.Name:
    return s.Name(str(token), _span(token))


def _names(tokens: list[Any]) -> tuple[s.Name, ...]:
    return tuple(_name(token) for token in tokens)


def _whole(token: Any) -> int:
    return int(str(token).replace("_", ""))


def _fraction(token: Any) -> Fraction:
    return Fraction(str(token).replace("_", ""))


def _integer(token: Any, minus: Any = None) -> s.Integer:
    value = _whole(token)
    return s.Integer(-value, Span(minus.start_pos, token.end_pos)) if minus else s.Integer(value, _span(token))


def _of(children: list[Any], kind: type[T]) -> tuple[T, ...]:
    return tuple(child for child in children if isinstance(child, kind))


def _position_items(children: list[Any]) -> tuple[s.PositionItem, ...]:
    items = (child for child in children if child is not None)
    return tuple(s.PositionItem(None, i.value, None, i.span) if isinstance(i, s.Integer) else i for i in items)


# What only lives between two rules.


@dataclass(frozen=True)
class _Relator:
    text: str
    negated: bool
    span: Span


@dataclass(frozen=True)
class _Set:
    alternatives: tuple[s.ExpressionSyntax, ...]


@dataclass(frozen=True)
class _Range:
    low: s.ExpressionSyntax
    high: s.ExpressionSyntax


@dataclass(frozen=True)
class _Over:
    names: tuple[s.Name, ...]


@dataclass(frozen=True)
class _Modifier:
    """A clause after a claim's comparisons."""

    words: str
    value: Any
    span: Span


class _Builder:
    """One method a grammar rule: the rule's span and its children's nodes in, its node out."""

    def __init__(self, text: str, doc: str) -> None:
        self.text = text
        self.doc = doc

    # --- types and tasks

    def build_type(self, span: Span, children: list[Any]) -> s.TypeSyntax:
        return s.TypeSyntax(_name(children[0]), children[1], self.doc, span)

    def build_range_domain(self, span: Span, children: list[Any]) -> s.RangeDomain:
        return s.RangeDomain(children[0], children[1], span)

    def build_set_domain(self, span: Span, children: list[Any]) -> s.SetDomain:
        return s.SetDomain(tuple(child for child in children if child is not None), span)

    def build_symbol(self, span: Span, children: list[Any]) -> s.Name | s.Integer:
        return _name(children[0]) if children[-1].type == "NAME" else _integer(children[-1], children[0])

    build_answer_value = build_symbol

    def build_named_domain(self, span: Span, children: list[Any]) -> s.NamedDomain:
        return s.NamedDomain(_name(children[0]), span)

    def build_signed(self, span: Span, children: list[Any]) -> s.Integer:
        return _integer(children[1], children[0])

    def build_task(self, span: Span, children: list[Any]) -> s.TaskSyntax:
        name, *items = children
        groups = _of(items, tuple)
        return s.TaskSyntax(
            _name(name),
            tuple(value for kind, value in groups if kind == "input"),
            tuple(value for kind, value in groups if kind == "output"),
            _of(items, s.TokensSyntax),
            tuple(item for item in items if isinstance(item, s.RequireSyntax | s.AnswerSyntax | s.ForSyntax)),
            self.doc,
            span,
        )

    def build_input(self, span: Span, children: list[Any]) -> tuple[str, s.Group]:
        keyword, *names, domain = children
        return str(keyword), s.Group(tuple(names), domain, span)

    build_output = build_input

    def build_declared(self, span: Span, children: list[Any]) -> s.DeclaredSyntax:
        name, count = children
        return s.DeclaredSyntax(_name(name), _integer(count) if count else None, span)

    def build_require(self, span: Span, children: list[Any]) -> s.RequireSyntax:
        return s.RequireSyntax(children[1], span)

    def build_tokens(self, span: Span, children: list[Any]) -> s.TokensSyntax:
        return s.TokensSyntax(children[1], span)

    def build_answer(self, span: Span, children: list[Any]) -> s.AnswerSyntax:
        return s.AnswerSyntax(children[1], children[2], children[3], span)

    def build_answer_map(self, span: Span, children: list[Any]) -> tuple[s.AnswerEntry, ...]:
        return tuple(children)

    def build_answer_entry(self, span: Span, children: list[Any]) -> s.AnswerEntry:
        return s.AnswerEntry(children[0], children[1], span)

    def build_answer_word(self, span: Span, children: list[Any]) -> s.Name:
        return _name(children[0])

    def build_members(self, span: Span, children: list[Any]) -> tuple[s.Indexed, ...]:
        return tuple(children)

    # --- members of families, positions, loops

    def build_indexed(self, span: Span, children: list[Any]) -> s.Indexed:
        return s.Indexed(_name(children[0]), children[1], span)

    def build_member(self, span: Span, children: list[Any]) -> s.ExpressionSyntax:
        index: s.ExpressionSyntax = children[0]
        return index

    def build_position(self, span: Span, children: list[Any]) -> s.PositionSyntax:
        return s.PositionSyntax(_position_items(children), False, span)

    def build_positions(self, span: Span, children: list[Any]) -> s.PositionSyntax:
        return s.PositionSyntax(_position_items(children), True, span)

    def build_slot(self, span: Span, children: list[Any]) -> s.PositionItem:
        return s.PositionItem(children[0], None, None, span)

    def build_position_word(self, span: Span, children: list[Any]) -> s.PositionItem:
        return s.PositionItem(None, None, _name(children[0]), span)

    def build_loop(self, span: Span, children: list[Any]) -> s.Loop:
        return s.Loop(_name(children[0]), children[2], span)

    def build_loop_range(self, span: Span, children: list[Any]) -> s.LoopRange:
        return s.LoopRange(children[0], children[1], span)

    def build_task_for(self, span: Span, children: list[Any]) -> s.ForSyntax[Any]:
        variable, _, domain, *body = children
        return s.ForSyntax(_name(variable), domain, tuple(body), span)

    build_model_for = build_align_for = build_task_for

    # --- models and expressions

    def build_model(self, span: Span, children: list[Any]) -> s.ModelSyntax:
        return s.ModelSyntax(_name(children[0]), _name(children[1]), tuple(children[2:]), self.doc, span)

    def build_equation(self, span: Span, children: list[Any]) -> s.Equation:
        return s.Equation(children[0], children[1], children[2], span)

    def build_target(self, span: Span, children: list[Any]) -> s.Indexed:
        return s.Indexed(children[0], children[1], span)

    def build_variable(self, span: Span, children: list[Any]) -> s.Name:
        return _name(children[0])

    def build_conditional(self, span: Span, children: list[Any]) -> s.Conditional:
        return s.Conditional(children[0], children[1], children[2], span)

    def build_either(self, span: Span, children: list[Any]) -> s.Operation:
        left, operator, right = children
        return s.Operation(str(operator), (left, right), span, _span(operator))

    build_both = build_sum = build_product = build_either

    def build_invert(self, span: Span, children: list[Any]) -> s.Operation:
        return s.Operation("not", (children[1],), span, _span(children[0]))

    def build_negative(self, span: Span, children: list[Any]) -> s.ExpressionSyntax:
        operand = children[1]
        if isinstance(operand, s.Number):
            return s.Number(-operand.value, span)
        return s.Operation("negate", (operand,), span, _span(children[0]))

    def build_relation(self, span: Span, children: list[Any]) -> s.ExpressionSyntax:
        left, first, *more = children
        if more:
            self._refuse_chain(left, first, more[0], span)
        operator, right = first
        if isinstance(right, _Set):
            return s.InSet(left, right.alternatives, operator.negated, span)
        if isinstance(right, _Range):
            return s.InRange(left, right.low, right.high, operator.negated, span)
        return s.Operation(operator.text, (left, right), span, operator.span)

    def build_compared(self, span: Span, children: list[Any]) -> tuple[_Relator, Any]:
        return _Relator(str(children[0]), False, _span(children[0])), children[1]

    def build_contained(self, span: Span, children: list[Any]) -> tuple[_Relator, Any]:
        start = children[0] or children[1]
        relator = _Relator(
            "not in" if children[0] else "in", bool(children[0]), Span(start.start_pos, children[1].end_pos)
        )
        return relator, children[2]

    def build_element_set(self, span: Span, children: list[Any]) -> _Set:
        return _Set(tuple(children))

    def build_element_range(self, span: Span, children: list[Any]) -> _Range:
        return _Range(children[0], children[1])

    def build_group(self, span: Span, children: list[Any]) -> Any:
        return replace(children[0], span=span)

    def build_number(self, span: Span, children: list[Any]) -> s.Number:
        return s.Number(_whole(children[0]), span)

    def build_truth(self, span: Span, children: list[Any]) -> s.Truth:
        return s.Truth(str(children[0]) == "true", span)

    def build_reference(self, span: Span, children: list[Any]) -> s.Reference:
        first, second, index = children
        if second is None:
            return s.Reference(_name(first), None, index, span)
        return s.Reference(_name(second), _name(first), index, span)

    def build_call(self, span: Span, children: list[Any]) -> s.Call:
        return s.Call(_name(children[0]), tuple(children[1:]), span)

    def build_comprehension(self, span: Span, children: list[Any]) -> s.Comprehension:
        function, element, *loops, where = children
        return s.Comprehension(_name(function), element, tuple(loops), where[1] if where else None, span)

    # --- networks and alignments

    def build_network(self, span: Span, children: list[Any]) -> s.NetworkSyntax:
        return s.NetworkSyntax(_name(children[0]), _name(children[1]), children[2], self.doc, span)

    def build_arguments(self, span: Span, children: list[Any]) -> tuple[s.Argument, ...]:
        return tuple(child for child in children if child is not None)

    def build_argument(self, span: Span, children: list[Any]) -> s.Argument:
        key, token = children
        value: s.Text | s.Decimal | s.Name
        if token.type == "STRING":
            value = s.Text(str(token)[1:-1].replace('\\"', '"').replace("\\\\", "\\"), _span(token))
        elif token.type == "NAME":
            value = _name(token)
        else:
            value = s.Decimal(_fraction(token), token.type == "INT", _span(token))
        return s.Argument(_name(key) if key else None, value, span)

    def build_align(self, span: Span, children: list[Any]) -> s.AlignSyntax:
        name, model, network, over, *items = children
        return s.AlignSyntax(
            _name(name),
            _name(model),
            _name(network),
            over.names if over else (),
            tuple(item for item in items if isinstance(item, s.PlacementSyntax | s.ForSyntax)),
            _of(items, s.SettingsBlock),
            self.doc,
            span,
        )

    def build_placement(self, span: Span, children: list[Any]) -> s.PlacementSyntax:
        *variables, relation, place, family = children
        searched = str(relation) == "in"
        return s.PlacementSyntax(tuple(variables), searched, place, family, span, _span(relation))

    def build_placed_word(self, span: Span, children: list[Any]) -> s.Indexed:
        return s.Indexed(_name(children[0]), None, span)

    def build_site(self, span: Span, children: list[Any]) -> s.SiteSyntax:
        component, *indices, position = children
        return s.SiteSyntax(_name(component), tuple(indices), position, span)

    def build_inner_site(self, span: Span, children: list[Any]) -> s.InnerSiteSyntax:
        return s.InnerSiteSyntax(_name(children[0]), children[1], span)

    def build_index(self, span: Span, children: list[Any]) -> s.Index:
        return s.Index(tuple(children), span)

    def build_dims(self, span: Span, children: list[Any]) -> s.Dims:
        low = _integer(children[0])
        return s.Dims(low, _integer(children[1]) if children[1] else low, span)

    def build_star(self, span: Span, children: list[Any]) -> s.Star:
        return s.Star(span)

    def build_family(self, span: Span, children: list[Any]) -> s.FamilySyntax:
        name, arguments, sizes = children
        return s.FamilySyntax(_name(name), arguments, sizes, span)

    def build_sizes(self, span: Span, children: list[Any]) -> s.SizesSyntax:
        entries = tuple(children[1:])
        return s.SizesSyntax(entries, Span(entries[0].span.start, entries[-1].span.end))

    def build_size_word(self, span: Span, children: list[Any]) -> s.Name:
        return _name(children[0])

    def build_fit(self, span: Span, children: list[Any]) -> s.SettingsBlock:
        return s.SettingsBlock(_name(children[0]), tuple(children[1:]), span)

    build_setting_block = build_fit

    def build_any_position(self, span: Span, children: list[Any]) -> s.Star:
        return s.Star(span)

    def build_setting(self, span: Span, children: list[Any]) -> s.Setting:
        key, *sign, token = children
        value: s.Decimal | s.Name
        if token.type == "NAME":
            value = _name(token)
        else:
            minus = sign[0] if sign else None
            start = minus.start_pos if minus else token.start_pos
            number = -_fraction(token) if minus else _fraction(token)
            value = s.Decimal(number, token.type == "INT", Span(start, token.end_pos))
        return s.Setting(_name(key), value, span)

    def build_over(self, span: Span, children: list[Any]) -> _Over:
        return _Over(_names(children[1:]))

    # --- pairs

    def build_pairs(self, span: Span, children: list[Any]) -> s.PairsSyntax:
        name, task, *items = children
        groups = _of(items, tuple)
        return s.PairsSyntax(
            _name(name),
            _name(task),
            tuple(value for kind, value in groups if kind == "size"),
            _of(items, s.SplitSyntax),
            _of(items, s.HoldoutSyntax),
            tuple(value for kind, value in groups if kind == "where"),
            self.doc,
            span,
        )

    def build_size(self, span: Span, children: list[Any]) -> tuple[str, s.Integer]:
        return "size", _integer(children[1])

    def build_where(self, span: Span, children: list[Any]) -> tuple[str, s.ExpressionSyntax]:
        return "where", children[1]

    def build_split(self, span: Span, children: list[Any]) -> s.SplitSyntax:
        return s.SplitSyntax(_of(children, s.Decimal), span)

    def build_holdout(self, span: Span, children: list[Any]) -> s.HoldoutSyntax:
        values = children[3]
        if isinstance(values, _Range):
            return s.HoldoutSyntax(children[1], values.low, values.high, None, span)
        return s.HoldoutSyntax(children[1], None, None, values.alternatives if values else None, span)

    # --- claims and settings

    def build_claim(self, span: Span, children: list[Any]) -> s.ClaimSyntax:
        name, first, *_ = children
        modifiers: dict[str, tuple[Any, Span]] = {}
        for modifier in _of(children, _Modifier):
            word = modifier.words
            if word in modifiers:
                raise BrokenSyntaxError(
                    Diagnostic(
                        "CS011",
                        f"`{word}` is given twice",
                        Label(modifier.span, "again here"),
                        (Label(modifiers[word][1], "first here"),),
                        help="remove one of them",
                    )
                )
            modifiers[word] = modifier.value, modifier.span
        return s.ClaimSyntax(
            _name(name),
            _of(children, s.ComparisonSyntax),
            modifiers.get("at confidence", (None,))[0],
            "exhaustively" in modifiers,
            modifiers.get("expect", (None,))[0],
            self.doc,
            span,
            Span(first.span.start, span.end),
        )

    def build_claim_part(self, span: Span, children: list[Any]) -> s.ComparisonSyntax:
        left, first, *more = children
        relator, right, tolerance = first
        if more:
            self._refuse_chain(left, (relator, right), more[0][:2], span)
        return s.ComparisonSyntax(left, relator.text, right, tolerance, span, relator.span)

    def build_bound(self, span: Span, children: list[Any]) -> tuple[_Relator, Any, Any]:
        relation, right, _, tolerance = children
        return _Relator(str(relation), False, _span(relation)), right, tolerance

    def build_claim_sum(self, span: Span, children: list[Any]) -> s.ClaimOperation:
        left, operator, right = children
        return s.ClaimOperation(str(operator), (left, right), span)

    build_claim_product = build_claim_sum

    def build_claim_negative(self, span: Span, children: list[Any]) -> s.ClaimOperation:
        return s.ClaimOperation("negate", (children[1],), span)

    build_claim_group = build_group

    def build_decimal(self, span: Span, children: list[Any]) -> s.Decimal:
        return s.Decimal(_fraction(children[0]), children[0].type == "INT", span)

    def build_accuracy(self, span: Span, children: list[Any]) -> s.AccuracySyntax:
        network, task, over = children
        return s.AccuracySyntax(network, _name(task) if task else None, over.names if over else (), span)

    def build_estimand(self, span: Span, children: list[Any]) -> s.EstimandSyntax:
        kind, alignment, members, reader, *clauses = children
        over = tuple(clause.names for clause in _of(clauses, _Over))
        on, via = _of(clauses, s.OnSyntax), _of(clauses, s.FamilySyntax)
        return s.EstimandSyntax(_name(kind), _name(alignment), members, reader, on, over, via, span)

    def build_only(self, span: Span, children: list[Any]) -> tuple[s.Indexed, ...]:
        return tuple(child for child in children if child is not None)

    def build_reader(self, span: Span, children: list[Any]) -> s.Indexed:
        reader: s.Indexed = children[0]
        return reader

    def build_on(self, span: Span, children: list[Any]) -> s.OnSyntax:
        frozen, _, reference = children
        return s.OnSyntax(reference, frozen is not None, span)

    def build_swapped(self, span: Span, children: list[Any]) -> s.FamilySyntax:
        return replace(children[0], span=span)  # type: ignore[no-any-return]

    def build_network_reference(self, span: Span, children: list[Any]) -> s.NetworkReference:
        first, inner = children
        if inner is None:
            return s.NetworkReference(_name(first), None, span)
        return s.NetworkReference(_name(inner), _name(first), span)

    def build_confidence(self, span: Span, children: list[Any]) -> _Modifier:
        return _Modifier("at confidence", children[1], span)

    def build_exhaustively(self, span: Span, children: list[Any]) -> _Modifier:
        return _Modifier("exhaustively", True, span)

    def build_expect(self, span: Span, children: list[Any]) -> _Modifier:
        _, outcome, reason = children
        return _Modifier("expect", s.Expectation(_name(outcome), _name(reason) if reason else None, span), span)

    def build_settings(self, span: Span, children: list[Any]) -> s.SettingsSyntax:
        return s.SettingsSyntax(_of(children, s.Setting), _of(children, s.SettingsBlock), self.doc, span)

    # --- faults

    def _refuse_chain(self, left: Any, first: Any, second: Any, span: Span) -> None:
        (relator, middle), (next_relator, right) = first, second
        help = "put one of the comparisons in parentheses"
        if not isinstance(middle, (_Set, _Range)) and not isinstance(right, (_Set, _Range)):
            a, b, c = (" ".join(self.text[x.span.start : x.span.end].split()) for x in (left, middle, right))
            if len(a) + 2 * len(b) + len(c) <= 60:
                help = f"write `{a} {relator.text} {b} and {b} {next_relator.text} {c}`"
        raise BrokenSyntaxError(
            Diagnostic(
                "CS009",
                "comparisons do not chain",
                Label(next_relator.span, "a second comparison"),
                (Label(relator.span, "the first one"),),
                help=help,
            )
        )
