"""Names in expressions -> typed variables and symbols; an index that is no number chooses among a family's members."""

from collections.abc import Callable
from typing import Literal, cast

from ...diagnostics import Span
from ...domains import BOOL, Domain, integers
from ...expressions import Apply, Constant, Expression, Variable
from ...families import IndexedFamily, family_name, member_name, split_member
from ...scope import Reporter
from ...suggest import listed, suggest
from ...syntax.expressions import ExpressionSyntax, Reference
from ...syntax.leaves import Text
from ...words.borrowed import IN_EXPRESSIONS
from .expression_scope import Scope, comparable, describe
from .lookups import check_lookup

Role = Literal["base", "source"]
Check = Callable[[ExpressionSyntax, Domain | None], Expression | None]


def check_reference(
    syntax: Reference, expected: Domain | None, scope: Scope, report: Reporter, check: Check
) -> Expression | None:
    """What a name means in a scope; None after an error. `check` types the index, which is an expression itself."""
    return _ReferenceChecker(scope, report, check).check(syntax, expected)


class _ReferenceChecker:
    def __init__(self, scope: Scope, report: Reporter, check: Check) -> None:
        self.scope = scope
        self.report = report
        self.check_index = check

    def check(self, syntax: Reference, expected: Domain | None) -> Expression | None:
        role: Role | None = None
        if syntax.role is not None:
            role = self._role(syntax)
            if role is None:
                return None
        if syntax.index is not None and syntax.name.text in self.scope.library.tables:
            return self._looked_up(syntax, syntax.index)
        if syntax.index is not None:
            return self._chosen_member(syntax, syntax.index, role)
        return self._plain(syntax, expected, role)

    def _role(self, syntax: Reference) -> Role | None:
        assert syntax.role is not None
        word = syntax.name.text
        if not self.scope.roles:
            self.report.error(
                "CS117",
                f"`{syntax.role.text}.{word}` can only be written in a `where`",
                syntax.span,
                help=f"write `{word}`",
            )
            return None
        if syntax.role.text not in ("base", "source"):
            self.report.error(
                "CS101",
                f"expected `base` or `source` before the point, found `{syntax.role.text}`",
                syntax.role.span,
                help=suggest(syntax.role.text, ("base", "source"), "choices"),
            )
            return None
        return cast(Role, syntax.role.text)

    def _looked_up(self, syntax: Reference, index: ExpressionSyntax) -> Expression | None:
        word = syntax.name.text
        if word in self.scope.variables or word in self.scope.families:
            self.report.error(
                "CS112",
                f"`{word}` is a table and a variable too",
                syntax.span,
                help="rename the table or the variable",
            )
            return None
        return check_lookup(word, (index,), syntax.span, self.scope, self.report, self.check_index)

    def _plain(self, syntax: Reference, expected: Domain | None, role: Role | None) -> Expression | None:
        word = syntax.name.text
        owners = self.scope.symbols.get(word, [])
        if word in self.scope.variables:
            domain = self.scope.variables[word]
            if domain is None:
                return None
            if expected is not None and role is None and expected in owners and domain != expected:
                self.report.error(
                    "CS112",
                    f"`{word}` is a variable here and a symbol of `{expected.name}` too",
                    syntax.span,
                    help="rename the variable or the symbol",
                )
                return None
            return Variable(word, domain, role, syntax.span)
        if role is None and expected is not None and expected in owners:
            return symbol_constant(expected, word, syntax.span)
        if role is None and len(owners) == 1:
            return symbol_constant(owners[0], word, syntax.span)
        if role is None and owners:
            report_ambiguous(word, owners, syntax.span, self.report)
            return None
        self._report_unknown(syntax, expected, role)
        return None

    def _report_unknown(self, syntax: Reference, expected: Domain | None, role: Role | None) -> None:
        word = syntax.name.text
        name = family_name(word)
        if word in self.scope.refused or name in self.scope.refused:
            code, message, help = self.scope.refused[word if word in self.scope.refused else name]
            self.report.error(code, message, syntax.span, help=help)
        elif word in self.scope.families:
            first, *_ = self.scope.families[word].members
            self.report.error(
                "CS144",
                f"`{word}` is a family, found it without an index",
                syntax.span,
                "which member is meant",
                help=f"write one member, such as `{first}`; a loop goes through all of them",
            )
        elif name in self.scope.families:
            self._report_outside(syntax, self.scope.families[name])
        elif self._has_no_members(syntax):
            return
        elif not self.scope.open and not (expected is None and self.scope.symbols.may_hold(word)):
            candidates = list(dict.fromkeys(map(family_name, self.scope.variables)))
            if expected is not None and expected.labels is not None:
                candidates += expected.labels
            elif role is None:
                candidates += self.scope.symbols
            self.report.error(
                "CS101",
                f"expected a variable or a symbol, found the unknown name `{name}`",
                syntax.name.span,
                "not declared",
                help=IN_EXPRESSIONS.get(word) or suggest(name, candidates, "names here"),
            )

    # --- members

    def _chosen_member(self, syntax: Reference, index: ExpressionSyntax, role: Role | None) -> Expression | None:
        """A member chosen by a value: a tree of comparisons with the members at its leaves."""
        typed = self.check_index(index, None)
        family = self.scope.families.get(syntax.name.text)
        if family is None:
            if not self._has_no_members(syntax):
                self._report_unknown(syntax, None, role)
            return None
        if typed is None:
            return None
        if not typed.domain.is_integer:
            self.report.error(
                "CS144",
                f"an index is a number, found {describe(typed.domain)}",
                typed.span,
                f"this is {describe(typed.domain)}",
                help=f"the members are {family.text}",
            )
            return None
        low, high = typed.domain.low, typed.domain.high
        outside = next((i for i in (low, high, *range(low, high)) if i not in family.indices), None)
        if outside is not None:
            self.report.error(
                "CS140",
                f"the index can be {outside}, and `{family.name}` has the members {family.text}",
                typed.span,
                f"is {low} here" if low == high else f"lies in {low}..{high}",
                notes=[f"for `{syntax.loop}`"] if syntax.loop else [],
                help="keep the index inside the family, with `if`, `min` and `max`, or a smaller type",
            )
            return None
        members = [member_name(family.name, i) for i in range(low, high + 1)]
        domains = [self.scope.variables[name] for name in members]
        known = [domain for domain in domains if domain is not None]
        if len(known) < len(domains):
            return None
        if not all(comparable(known[0], domain) for domain in known):
            self.report.error(
                "CS119",
                f"the members of `{family.name}` are of different types",
                syntax.span,
                help="choose among members of one type only",
            )
            return None
        variables = [Variable(n, d, role, syntax.span) for n, d in zip(members, known, strict=True)]
        return _choose(typed, low, variables)

    def _report_outside(self, syntax: Reference, family: IndexedFamily) -> None:
        word = syntax.name.text
        member = split_member(word)
        assert member is not None
        self.report.error(
            "CS140",
            f"there is no `{word}`: the members of `{family.name}` are {family.text}",
            syntax.span,
            f"the index is {member[1]} here",
            notes=[f"`{syntax.loop}` gives `{word}`"] if syntax.loop else [],
            help="change the index, or what the loop runs through; `if` on loop variables leaves a case out",
        )

    def _has_no_members(self, syntax: Reference) -> bool:
        """Whether an index stands after a name that is no family; reports it."""
        name = family_name(syntax.name.text)
        indexed = syntax.index is not None or name != syntax.name.text
        if not indexed or (name not in self.scope.variables and name not in self.scope.symbols):
            return False
        what = "a variable" if name in self.scope.variables else "a symbol"
        self.report.error(
            "CS144",
            f"`{name}` is {what} of its own, found it with an index",
            syntax.span,
            help=f"write `{name}`, or declare a family: `{name}[4]` as inputs, `{name}[0] = ...` in a model",
        )
        return True


def _choose(index: Expression, low: int, members: list[Variable]) -> Expression:
    """`members[index - low]`, by halving."""
    if len(members) == 1:
        return members[0]
    middle = len(members) // 2
    bound = low + middle - 1
    left, right = _choose(index, low, members[:middle]), _choose(index, bound + 1, members[middle:])
    condition = Apply("<=", (index, Constant(bound, integers(bound, bound), index.span)), BOOL, index.span)
    domain = left.domain
    if domain.is_integer:
        domain = integers(min(domain.low, right.domain.low), max(domain.high, right.domain.high))
    return Apply("if", (condition, left, right), domain, left.span)


def symbol_constant(domain: Domain, word: str, span: Span) -> Constant:
    """A symbol of a domain as a constant."""
    assert domain.labels is not None
    return Constant(domain.labels.index(word), domain, span)


def check_text(syntax: Text, expected: Domain | None, scope: Scope, report: Reporter) -> Expression | None:
    """A quoted symbol, such as `"New York"`: always a symbol, never a variable."""
    owners = scope.symbols.get(syntax.value, [])
    if expected is not None and expected in owners:
        return symbol_constant(expected, syntax.value, syntax.span)
    if len(owners) == 1:
        return symbol_constant(owners[0], syntax.value, syntax.span)
    if owners:
        report_ambiguous(syntax.value, owners, syntax.span, report)
        return None
    if expected is None and scope.symbols.may_hold(syntax.value):
        return None
    known = expected.labels if expected is not None and expected.labels is not None else scope.symbols
    report.error(
        "CS101",
        f"expected a symbol, found the unknown text `{syntax.value}`",
        syntax.span,
        "no value of any type" if expected is None else f"no value of `{expected.name}`",
        help=suggest(syntax.value, known, "symbols"),
    )
    return None


def report_ambiguous(word: str, owners: list[Domain], span: Span, report: Reporter) -> None:
    """A symbol stands where several types could be meant."""
    report.error(
        "CS112",
        f"symbol `{word}` belongs to several types",
        span,
        notes=[f"it is listed by {listed(domain.name for domain in owners)}"],
        help="compare it with a variable of one of them, or state the variable's type",
    )
