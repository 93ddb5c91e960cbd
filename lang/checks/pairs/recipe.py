"""A recipe for pairs as written -> its sizes, shares, held-out values, typed conditions and cells."""

from collections.abc import Mapping
from fractions import Fraction

from ...diagnostics import Label, Span
from ...domains import Domain
from ...expressions import Expression
from ...metrics import CORRECT
from ...program import Pairs
from ...scope import Reporter, Signature, report_repeated
from ...syntax.pairs import PairsSyntax
from ..definitions.domains import Domains
from ..expressions.expression_checker import ExpressionChecker
from ..expressions.expression_scope import Scope
from ..models.model import CheckedModel
from .holdouts import check_holdouts


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
        holdouts = check_holdouts(self.syntax.holdouts, self.task, self.domains, self.report)
        checker = ExpressionChecker(self._scope(roles=True), self.report)
        where = [checker.check_condition(condition, "`where`") for condition in self.syntax.where]
        cells = self._cells()
        if self.report.errors > errors or None in where:
            return None
        return Pairs(
            self.syntax.name.text,
            self.task.name,
            size,
            split,
            holdouts,
            tuple(condition for condition in where if condition is not None),
            cells,
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

    def _cells(self) -> tuple[Expression, ...] | None:
        """What `balanced` balances by; nothing for `uniform`, and None where neither is written."""
        if not self.syntax.balanced:
            return None
        first, *more = self.syntax.balanced
        for again in more:
            if bool(again.cells) == bool(first.cells):
                what = "`balanced`" if first.cells else "`uniform`"
                report_repeated(self.report, what, again.span, first.span)
                continue
            self.report.error(
                "CS445",
                "a recipe is `balanced` or `uniform`, found both",
                again.span,
                related=[Label(first.span, "the other")],
                help="`uniform` draws every input alike, `balanced EXPRESSION` every value of it: remove one",
            )
        checker = ExpressionChecker(self._scope(roles=False), self.report)
        cells = [checker.check(cell, None) for cell in first.cells]
        for cell in cells:
            if cell is not None and cell.domain.size < 2:
                self.report.error(
                    "CS446",
                    "expected an expression with several values to balance by, found one with a single value",
                    cell.span,
                    help="balance by an input, a variable of a model or the output, or write `uniform`",
                )
        return tuple(cell for cell in cells if cell is not None)

    def _scope(self, roles: bool) -> Scope:
        """What conditions and cells may read: inputs, outputs, `correct`, and variables that one model has."""
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
        if CORRECT.name not in variables and CORRECT.name not in refused:
            variables[CORRECT.name] = self.task.output_domain
        known = self.models_known and self.task.complete
        return Scope(
            variables, self.domains.symbols, roles, refused, open=not known, library=self.domains.library, guards=True
        )
