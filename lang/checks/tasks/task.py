"""A task as written -> its signature, and the typed task where all of it is right."""

from typing import TypeVar

from ...diagnostics import Label
from ...domains import Domain
from ...expressions import Expression
from ...families import family_name, list_names, member_name
from ...metrics import CORRECT, Metric
from ...program import Declared, Generated, Task
from ...renderings import Prompt, Rendering, Tokens
from ...scope import Reporter, Signature, report_repeated, report_twice
from ...syntax.leaves import Name
from ...syntax.metrics import MetricSyntax
from ...syntax.tasks import AnswerSyntax, DeclaredSyntax, Group, PromptSyntax, RequireSyntax, TaskSyntax
from ...tuples import MAX_TUPLES
from ..definitions.domains import Domains
from ..expressions.expression_checker import ExpressionChecker
from ..expressions.expression_scope import Scope
from ..networks.positions import SiteScope
from .answers import AnswerScope, check_answers
from .metrics import check_metrics
from .renderings import check_rendering, warn_unrendered

MAX_MEMBERS = 10_000
MAX_GENERATED = 100_000

T = TypeVar("T")
Known = dict[str, Domain | None]
"""The domain of each unrolled name; None where it is broken."""

Typed = dict[str, tuple[Declared | None, Name]]
"""What is declared under each unrolled name (None: its domain is broken), and where."""


def check_task(syntax: TaskSyntax, domains: Domains, report: Reporter) -> tuple[Signature, Task | None]:
    """The signature is there even if the task is not, so that models are checked all the same."""
    return _TaskChecker(syntax, domains, report).check()


class _TaskChecker:
    def __init__(self, syntax: TaskSyntax, domains: Domains, report: Reporter) -> None:
        self.syntax = syntax
        self.domains = domains
        self.report = report
        self.declared: dict[str, tuple[str, Name]] = {}

    def check(self) -> tuple[Signature, Task | None]:
        errors = self.report.errors
        if not self.syntax.inputs:
            self._missing("input", "add a line `input x, y: 0..9`")
        generated = self._generated()
        if not self.syntax.outputs and not self.syntax.generated:
            self._missing("output", "add a line `output y: bool`")
        inputs = self._declare("input", self.syntax.inputs)
        outputs = self._declare("output", self.syntax.outputs)
        known = {name: declared.domain if declared else None for name, (declared, _) in inputs.items()}
        parts = {name: declared.domain if declared else None for name, (declared, _) in outputs.items()}
        require = self._require(known, outputs)
        refused, library = self._refused(outputs), self.domains.library
        checker = ExpressionChecker(Scope(known, self.domains.symbols, refused=refused, library=library), self.report)
        rendering = check_rendering(self.syntax, known, checker, self.report)
        taken = {name: at.span for name, (_, at) in self.declared.items()}
        answer = next(iter(parts.values())) if len(parts) == 1 else None
        metrics = check_metrics(self._lines(MetricSyntax), taken, answer, len(parts) == 1, checker, self.report)
        signature = self._signature(known, parts, rendering, metrics, generated)
        output = self._output(signature, outputs)
        tokens = rendering.inputs if isinstance(rendering, Tokens) else ()
        scope = AnswerScope(SiteScope(signature.slots, (), signature.prompted), tokens, self.domains.symbols)
        answers = check_answers(self._lines(AnswerSyntax), self.syntax.name, parts, scope, self.report)
        if self.report.errors > errors or rendering is None or (output is None or answers is None) == (not generated):
            return signature, None
        warn_unrendered({name: at.span for name, (_, at) in inputs.items()}, rendering, self.report)
        task = Task(
            self.syntax.name.text,
            tuple(declared for declared, _ in inputs.values() if declared),
            require,
            output,
            rendering,
            answers or (),
            generated,
            {name: metric for name, metric in metrics.items() if metric},
            self.syntax.doc,
            self.syntax.name.span,
        )
        return signature, task

    def _signature(
        self,
        inputs: Known,
        outputs: Known,
        rendering: Rendering | None,
        metrics: dict[str, Metric | None],
        generated: Generated | None,
    ) -> Signature:
        """What is known of the task in any case."""
        prompted = isinstance(rendering, Prompt)
        slots: tuple[str, ...] | None = tuple(inputs)
        if isinstance(rendering, Prompt):
            slots = rendering.slot_names
        elif rendering is None and any(isinstance(line, PromptSyntax) for line in self.syntax.renderings):
            slots = None
        always: dict[str, Metric | None] = {CORRECT.name: CORRECT} if outputs else {}
        complete = bool(inputs and outputs)
        return Signature(
            self.syntax.name.text,
            inputs,
            outputs,
            _output_name(outputs),
            complete,
            always | metrics,
            slots,
            prompted,
            generated is not None,
        )

    def _lines(self, kind: type[T]) -> list[T]:
        return [line for line in self.syntax.lines if isinstance(line, kind)]

    def _missing(self, what: str, help: str) -> None:
        name = self.syntax.name
        self.report.error("CS130", f"task `{name.text}` has no {what}", name.span, help=help)

    # --- inputs and outputs

    def _declare(self, what: str, groups: tuple[Group, ...]) -> Typed:
        """Every input or output by its unrolled name."""
        found: Typed = {}
        for group in groups:
            domain = self.domains.check_domain(group.domain)
            for declared in group.names:
                name = declared.name
                if name.text in self.declared:
                    kind, first = self.declared[name.text]
                    shown = f"input `{name.text}`" if kind == what == "input" else f"`{name.text}`"
                    report_twice(self.report, shown, name.span, first.span)
                    continue
                self.declared[name.text] = what, name
                for text in self._unrolled(declared):
                    found[text] = (Declared(text, domain, name.span) if domain else None, name)
        return found

    def _unrolled(self, declared: DeclaredSyntax) -> list[str]:
        name, count = declared.name.text, declared.count
        if count is None:
            return [name]
        if not 1 <= count.value <= MAX_MEMBERS:
            self.report.error(
                "CS140",
                f"a family has between 1 and {MAX_MEMBERS:,} members, found {count.value}",
                count.span,
                help=f"write `{name}[4]` for `{name}[0]` .. `{name}[3]`",
            )
            return []
        return [member_name(name, index) for index in range(count.value)]

    def _output(self, signature: Signature, outputs: Typed) -> Declared | None:
        """All outputs as one variable."""
        domain = signature.output_domain
        if signature.output is None or domain is None:
            return None
        first = next(iter(outputs.values()))[1]
        if domain.parts and domain.size > MAX_TUPLES:
            self.report.error(
                "CS115",
                f"the outputs {list_names(outputs)} have too many values together",
                first.span,
                help="the values of several outputs are counted together, at most 2^62: make their types smaller",
            )
            return None
        return Declared(signature.output, domain, first.span)

    def _require(self, known: dict[str, Domain | None], outputs: Typed) -> tuple[Expression, ...]:
        refused = self._refused(outputs, "`require` speaks of inputs", "restrict the inputs only")
        scope = Scope(known, self.domains.symbols, refused=refused, library=self.domains.library, guards=True)
        checker = ExpressionChecker(scope, self.report)
        conditions = [line.condition for line in self._lines(RequireSyntax)]
        typed = [checker.check_condition(condition, "`require`") for condition in conditions]
        return tuple(expression for expression in typed if expression is not None)

    def _refused(
        self, outputs: Typed, why: str = "a slot is filled from inputs", help: str = "read inputs only"
    ) -> dict[str, tuple[str, str, str]]:
        """The outputs, which texts and conditions may not read."""
        names = (*outputs, *map(family_name, outputs))
        return {name: ("CS101", f"`{name}` is the output; {why}", help) for name in names}

    # --- how it is read

    def _generated(self) -> Generated | None:
        """`answer text(n)`, which stands in the place of outputs."""
        if not self.syntax.generated:
            return None
        first, *more = self.syntax.generated
        for again in more:
            report_repeated(self.report, "`answer text(...)`", again.span, first.span)
        if first.word.text != "text":
            self.report.error(
                "CS101",
                f"expected `text`, found `{first.word.text}`",
                first.word.span,
                help="`answer text(200)` is up to 200 generated tokens",
            )
        elif not 1 <= first.limit.value <= MAX_GENERATED:
            self.report.error(
                "CS188",
                f"expected 1..{MAX_GENERATED:,} tokens, found {first.limit.value}",
                first.limit.span,
                help="state how many tokens are generated at most: `answer text(200)`",
            )
        elif self.syntax.outputs:
            self.report.error(
                "CS188",
                "a task that answers by a text has no output",
                first.span,
                related=[Label(self.syntax.outputs[0].span, "the output")],
                help="give each value of the output a class or a text, or remove the output",
            )
        else:
            return Generated(first.limit.value, first.span)
        return None


def _output_name(outputs: Known) -> str | None:
    """What all outputs together are called."""
    names = list(dict.fromkeys(map(family_name, outputs)))
    if not names:
        return None
    return names[0] if len(names) == 1 else f"({', '.join(names)})"
