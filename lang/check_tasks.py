"""A task as written -> its signature, and the typed task where all of it is right."""

from .check_answers import check_answers
from .check_domains import Domains
from .check_expressions import ExpressionChecker
from .diagnostics import Label, Span
from .domains import Domain
from .expression_scope import Scope
from .expressions import Expression
from .families import families_of, family_name, list_names, member_name
from .join_families import MAX_TUPLES
from .metrics import CORRECT
from .program import Declared, Task
from .renderings import Tokens
from .scope import Reporter, Signature, report_repeated, report_twice
from .suggest import suggest
from .syntax.leaves import Name
from .syntax.members import Indexed
from .syntax.tasks import AnswerSyntax, DeclaredSyntax, Group, RequireSyntax, TaskSyntax

MAX_MEMBERS = 10_000

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
        if not self.syntax.outputs:
            self._missing("output", "add a line `output y: bool`")
        inputs = self._declare("input", self.syntax.inputs)
        outputs = self._declare("output", self.syntax.outputs)
        known = {name: declared.domain if declared else None for name, (declared, _) in inputs.items()}
        parts = {name: declared.domain if declared else None for name, (declared, _) in outputs.items()}
        require = self._require(known, outputs)
        tokens, tokens_span = self._tokens(inputs)
        output_name = _output_name(outputs)
        metrics = {CORRECT.name: CORRECT} if outputs else {}
        signature = Signature(self.syntax.name.text, known, parts, output_name, bool(inputs and outputs), metrics)
        output = self._output(signature, outputs)
        written = [line for line in self.syntax.lines if isinstance(line, AnswerSyntax)]
        answers = check_answers(written, self.syntax.name, parts, known, tokens, self.report)
        if self.report.errors > errors or output is None or answers is None:
            return signature, None
        self._warn_unrendered(inputs, tokens)
        task = Task(
            self.syntax.name.text,
            tuple(declared for declared, _ in inputs.values() if declared),
            require,
            output,
            Tokens(tokens, tokens_span),
            answers,
            doc=self.syntax.doc,
            span=self.syntax.name.span,
        )
        return signature, task

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
        refused = {}
        for name in (*outputs, *map(family_name, outputs)):
            message = f"`{name}` is the output; `require` speaks of inputs"
            refused[name] = ("CS101", message, "restrict the inputs only")
        checker = ExpressionChecker(
            Scope(known, self.domains.symbols, refused=refused, library=self.domains.library), self.report
        )
        conditions = [line.condition for line in self.syntax.lines if isinstance(line, RequireSyntax)]
        typed = [checker.check_condition(condition, "`require`") for condition in conditions]
        return tuple(expression for expression in typed if expression is not None)

    # --- tokens

    def _tokens(self, inputs: Typed) -> tuple[tuple[str, ...], Span]:
        if not self.syntax.tokens:
            if self.syntax.inputs:
                names = ", ".join(dict.fromkeys(map(family_name, inputs)))
                self._missing("`tokens`", f"add a line `tokens [{names}]`: what the network is fed, in order")
            return (), self.syntax.name.span
        first, *more = self.syntax.tokens
        for again in more:
            report_repeated(self.report, "`tokens`", again.span, first.span)
        seen: dict[str, Indexed] = {}
        for written in first.names:
            for name in self._fed(written, inputs):
                if name in seen:
                    self.report.error(
                        "CS131",
                        f"input `{name}` is fed twice",
                        written.span,
                        "again here",
                        related=[Label(seen[name].span, "first here")],
                        help="list each input once",
                    )
                seen.setdefault(name, written)
        return tuple(seen), first.span

    def _fed(self, written: Indexed, inputs: Typed) -> tuple[str, ...]:
        """The inputs that a name in `tokens` stands for: itself, or a family's members in order."""
        name = written.name.text
        if name in inputs:
            return (name,)
        families = families_of(inputs)
        if name in families:
            return families[name].members
        if family_name(name) in families:
            family = families[family_name(name)]
            message = f"there is no `{name}`: the members of `{family.name}` are {family.text}"
            self.report.error("CS140", message, written.span, help="an index counts from 0")
            return ()
        self.report.error(
            "CS101",
            f"expected an input in `tokens`, found `{name}`",
            written.span,
            "not an input",
            help=suggest(name, map(family_name, inputs), "inputs"),
        )
        return ()

    def _warn_unrendered(self, inputs: Typed, tokens: tuple[str, ...]) -> None:
        missing: dict[Span, list[str]] = {}
        for name, (_, written) in inputs.items():
            if name not in tokens:
                missing.setdefault(written.span, []).append(name)
        for span, names in missing.items():
            one = len(names) == 1
            self.report.warning(
                "CS137",
                f"{'input' if one else 'inputs'} {list_names(names)} {'is' if one else 'are'} not among the `tokens`: "
                f"the network never sees {'it' if one else 'them'}",
                span,
                help=f"add {list_names(names)} to `tokens`, or remove the {'input' if one else 'inputs'}",
            )


def _output_name(outputs: Typed) -> str | None:
    """What all outputs together are called."""
    names = list(dict.fromkeys(map(family_name, outputs)))
    if not names:
        return None
    return names[0] if len(names) == 1 else f"({', '.join(names)})"
