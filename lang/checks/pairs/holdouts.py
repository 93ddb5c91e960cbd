"""The `holdout` lines of a recipe as written -> held-out inputs and values."""

from ...diagnostics import Label, Span
from ...domains import Domain
from ...expressions import Constant
from ...families import families_of, family_name
from ...program import Holdout
from ...scope import Reporter, Signature
from ...suggest import suggest
from ...syntax.leaves import Name
from ...syntax.members import Indexed
from ...syntax.pairs import HoldoutSyntax
from ..definitions.domains import Domains
from ..expressions.expression_checker import ExpressionChecker
from ..expressions.expression_scope import Scope, comparable, describe

MAX_HELD_OUT = 1_000_000
MAX_HASHED = 10_000_000


def check_holdouts(
    syntaxes: tuple[HoldoutSyntax, ...], task: Signature, domains: Domains, report: Reporter
) -> tuple[Holdout, ...]:
    """What a recipe for `task` holds out."""
    return _HoldoutChecker(task, domains, report).check(syntaxes)


class _HoldoutChecker:
    def __init__(self, task: Signature, domains: Domains, report: Reporter) -> None:
        self.task = task
        self.domains = domains
        self.report = report

    def check(self, syntaxes: tuple[HoldoutSyntax, ...]) -> tuple[Holdout, ...]:
        held: dict[str, Name] = {}
        holdouts = []
        for syntax in syntaxes:
            names = [name for written in syntax.names for name in self._members(written)]
            if (values := self._values(syntax, names[0].text)) is False:
                continue
            intact = [self._check_held(name, held, values) for name in names]
            if all(intact):
                inputs = tuple(name.text for name in names)
                holdouts.append(Holdout(inputs, values if isinstance(values, tuple) else None, syntax.span))
        return tuple(holdouts)

    def _members(self, written: Indexed) -> tuple[Name, ...]:
        """The input that a name stands for, or the members of a family."""
        families = families_of(self.task.inputs)
        if written.name.text not in families:
            return (written.name,)
        return tuple(Name(member, written.span) for member in families[written.name.text].members)

    def _values(self, syntax: HoldoutSyntax, name: str) -> tuple[int, ...] | bool:
        """The held-out values, of the first input's type; True where none are stated, False after an error."""
        first = self.task.inputs.get(name)
        checker = ExpressionChecker(Scope({}, self.domains.symbols, library=self.domains.library), self.report)
        parts = syntax.alternatives or tuple(part for part in (syntax.low, syntax.high) if part is not None)
        typed = [checker.check(part, first) for part in parts]
        values: list[int] = []
        for expression in typed:
            if expression is None:
                return False
            if first is not None and not comparable(first, expression.domain):
                self.report.error(
                    "CS105",
                    f"`{name}` is {describe(first)}, held out is {describe(expression.domain)}",
                    expression.span,
                    help=f"name values of `{first.name}`",
                )
                return False
            if expression.domain.size > 1 and not isinstance(expression, Constant):
                self.report.error("CS401", "a held-out value is a constant", expression.span, help="write the value")
                return False
            values.append(expression.value if isinstance(expression, Constant) else expression.domain.low)
        if not values:
            return True
        if syntax.alternatives is not None:
            return tuple(sorted(set(values)))
        low, high = values
        where = Span(typed[0].span.start, typed[1].span.end)  # type: ignore[union-attr]
        if low > high:
            self.report.error("CS113", f"the range `{low}..{high}` is empty", where, help=f"write `{high}..{low}`")
            return False
        if high - low >= MAX_HELD_OUT:
            self.report.error("CS401", "too many values are held out", where, help=f"hold out at most {MAX_HELD_OUT}")
            return False
        return tuple(range(low, high + 1))

    def _check_held(self, name: Name, held: dict[str, Name], values: tuple[int, ...] | bool) -> bool:
        if name.text not in self.task.inputs:
            family = families_of(self.task.inputs).get(family_name(name.text))
            if family is not None:
                message = f"there is no `{name.text}`: the members of `{family.name}` are {family.text}"
                self.report.error("CS140", message, name.span, help="an index counts from 0")
            elif self.task.complete:
                self.report.error(
                    "CS101",
                    f"expected an input of task `{self.task.name}`, found `{name.text}`",
                    name.span,
                    "not an input",
                    help=suggest(name.text, map(family_name, self.task.inputs), "inputs"),
                )
            return False
        if name.text in held:
            self.report.error(
                "CS403",
                f"input `{name.text}` is held out twice",
                name.span,
                "again here",
                related=[Label(held[name.text].span, "first here")],
                help="put its values into one line",
            )
            return False
        held[name.text] = name
        domain = self.task.inputs[name.text]
        if domain is None:
            return False
        if not isinstance(values, tuple):
            if domain.size < 2:
                self._nothing_left(name, domain)
            elif domain.size > MAX_HASHED:
                self.report.error(
                    "CS401",
                    f"`{name.text}` has {domain.size:,} values, too many to be split one by one",
                    name.span,
                    help=f"state which are held out, `holdout {name.text} in {domain.low}..{domain.low + 99}`",
                )
            return 2 <= domain.size <= MAX_HASHED
        outside = [value for value in values if not domain.low <= value <= domain.high]
        if outside:
            self.report.error(
                "CS401",
                f"{outside[0]} is no value of `{name.text}`"
                if domain.is_integer
                else f"`{name.text}` has no such value",
                name.span,
                help=f"its values are {domain.low}..{domain.high}" if domain.is_integer else "name its own values",
            )
            return False
        if len(values) == domain.size:
            self._nothing_left(name, domain)
            return False
        return True

    def _nothing_left(self, name: Name, domain: Domain) -> None:
        self.report.error(
            "CS402",
            f"holding out all {domain.size} values of `{name.text}` leaves none to fit on"
            if domain.size > 1
            else f"`{name.text}` has one value only, and none to hold out",
            name.span,
            help="hold out some of its values",
        )
