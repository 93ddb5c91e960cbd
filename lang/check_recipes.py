"""A recipe for pairs as written -> its sizes, held-out values and typed conditions; and which recipe a name means."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from .check_domains import Domains
from .check_expressions import ExpressionChecker
from .check_models import CheckedModel
from .diagnostics import Label, Span
from .domains import Domain
from .expression_scope import Scope, comparable, describe
from .expressions import Constant
from .families import families_of, family_name
from .not_built import not_built
from .program import Holdout, Pairs
from .scope import Names, Reporter, Signature, report_repeated
from .suggest import listed, suggest
from .syntax.leaves import Name
from .syntax.members import Indexed
from .syntax.pairs import HoldoutSyntax, PairsSyntax

MAX_HELD_OUT = 1_000_000


@dataclass(frozen=True)
class Recipe:
    """The recipe that applies; `known` is False where that could not be made out (already reported)."""

    name: str | None
    known: bool


def find_recipe(over: tuple[Name, ...], task: str, names: Names, where: Span, report: Reporter) -> Recipe:
    """The recipe that `over` names, else the task's only one, else none (the defaults apply)."""
    if len(over) > 1:
        report.add(not_built("`over` with several recipes", over[1].span, "name one recipe"))
        return Recipe(None, False)
    if over:
        name = over[0]
        recipe = names.find(names.pairs, name)
        if recipe is None:
            return Recipe(None, False)
        if recipe.task != task:
            report.error(
                "CS407",
                f"recipe `{name.text}` belongs to task `{recipe.task}`, found it where `{task}` is meant",
                name.span,
                help=suggest(name.text, _recipes_of(task, names), "recipes")
                if _recipes_of(task, names)
                else f"`{task}` has none; leave `over {name.text}` out",
            )
            return Recipe(None, False)
        return Recipe(name.text, True)
    if any(entry is None for entry in names.pairs.entries.values()):
        return Recipe(None, False)
    of_task = _recipes_of(task, names)
    if len(of_task) > 1:
        report.error(
            "CS406",
            f"task `{task}` has several recipes: {listed(of_task)}",
            where,
            "which of them is meant",
            help=f"name one: `over {of_task[0]}`",
        )
        return Recipe(None, False)
    return Recipe(of_task[0] if of_task else None, True)


def _recipes_of(task: str, names: Names) -> list[str]:
    return [name for name, recipe in names.pairs.intact().items() if recipe.task == task]


def check_recipe(
    syntax: PairsSyntax,
    task: Signature,
    models: Mapping[str, CheckedModel],
    models_known: bool,
    domains: Domains,
    report: Reporter,
) -> Pairs | None:
    """One recipe; `models` are the task's, all of them if `models_known`."""
    return _RecipeChecker(syntax, task, models, models_known, domains, report).check()


class _RecipeChecker:
    def __init__(
        self,
        syntax: PairsSyntax,
        task: Signature,
        models: Mapping[str, CheckedModel],
        models_known: bool,
        domains: Domains,
        report: Reporter,
    ) -> None:
        self.syntax = syntax
        self.task = task
        self.models = models
        self.models_known = models_known
        self.domains = domains
        self.report = report

    def check(self) -> Pairs | None:
        errors = self.report.errors
        size, size_span = self._size()
        split = self._split()
        holdouts = self._holdouts()
        checker = ExpressionChecker(self._scope(), self.report)
        where = [checker.check_condition(condition, "`where`") for condition in self.syntax.where]
        if self.report.errors > errors or None in where:
            return None
        return Pairs(
            self.syntax.name.text,
            self.task.name,
            size,
            split,
            tuple(holdouts),
            tuple(condition for condition in where if condition is not None),
            self.syntax.doc,
            self.syntax.name.span,
            size_span,
        )

    def _size(self) -> tuple[int, Span]:
        if not self.syntax.sizes:
            return Pairs("", "").size, self.syntax.name.span
        first, *more = self.syntax.sizes
        for again in more:
            report_repeated(self.report, "`size`", again.span, first.span)
        if not 1 <= first.value <= 2**62:
            self.report.error(
                "CS405",
                f"expected a number of items above 0, found {first.value}",
                first.span,
                help="write `size 20_000`",
            )
        return first.value, first.span

    def _split(self) -> tuple[float, float, float]:
        if not self.syntax.splits:
            return Pairs("", "").split
        first, *more = self.syntax.splits
        for again in more:
            report_repeated(self.report, "`split`", again.span, first.span)
        shares = [share.value for share in first.shares]
        help = "write `split .6 .2 .2`: the shares of fit, select and test"
        if len(shares) != 3:
            self.report.error("CS400", f"expected three shares, found {len(shares)}", first.span, help=help)
        elif min(shares) <= 0:
            bad = next(share for share in first.shares if share.value <= 0)
            self.report.error("CS400", "every share of the split lies above 0", bad.span, help=help)
        elif abs(sum(shares, Fraction(-1))) > Fraction(1, 10**9):
            total = f"{float(sum(shares)):.6g}"
            self.report.error("CS400", f"the shares of the split sum to {total}, not to 1", first.span, help=help)
        else:
            return float(shares[0]), float(shares[1]), float(shares[2])
        return Pairs("", "").split

    # --- held-out values

    def _holdouts(self) -> list[Holdout]:
        held: dict[str, Name] = {}
        holdouts = []
        for syntax in self.syntax.holdouts:
            names = [name for written in syntax.names for name in self._members(written)]
            if (values := self._values(syntax, names[0].text)) is False:
                continue
            intact = [self._check_held(name, held, values) for name in names]
            if all(intact):
                inputs = tuple(name.text for name in names)
                holdouts.append(Holdout(inputs, values if isinstance(values, tuple) else None, syntax.span))
        return holdouts

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
            return domain.size >= 2
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

    # --- what `where` may read

    def _scope(self) -> Scope:
        variables: dict[str, Domain | None] = dict(self.task.inputs)
        refused: dict[str, tuple[str, str, str]] = {}
        owners: dict[str, str] = {}
        for model, checked in self.models.items():
            for name, domain in checked.variables.items():
                if name in self.task.outputs or name in checked.families:
                    continue
                if name in owners:
                    variables.pop(name, None)
                    message = f"`{name}` is a variable of both `{owners[name]}` and `{model}`"
                    refused[name] = ("CS404", message, "rename it in one of the models")
                else:
                    owners[name] = model
                    variables[name] = domain
        variables |= self.task.outputs
        if "correct" not in variables:
            message = "`correct` is part of the language but not built yet"
            refused["correct"] = ("CS010", message, "leave it out")
        return Scope(
            variables, self.domains.symbols, True, refused, open=not (self.models_known and self.task.complete)
        )
