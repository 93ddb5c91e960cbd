"""A task as written -> its signature, and the typed task where all of it is right."""

from .check_domains import Domains
from .check_expressions import ExpressionChecker, Scope
from .diagnostics import Label, Span
from .not_built import not_built
from .program import Answer, Declared, Domain, Expression, Task
from .scope import Reporter, Signature, report_repeated, report_twice
from .suggest import listed, suggest
from .syntax import AnswerEntry, AnswerSyntax, Integer, Name, TaskSyntax

MAX_ANSWERS = 1_000_000


def check_task(syntax: TaskSyntax, domains: Domains, report: Reporter) -> tuple[Signature, Task | None]:
    """The signature is there even if the task is not, so that models are checked all the same."""
    return _TaskChecker(syntax, domains, report).check()


class _TaskChecker:
    def __init__(self, syntax: TaskSyntax, domains: Domains, report: Reporter) -> None:
        self.syntax = syntax
        self.domains = domains
        self.report = report

    def check(self) -> tuple[Signature, Task | None]:
        errors = self.report.errors
        inputs = self._inputs()
        output = self._output(inputs)
        variables = {name: declared.domain for name, (declared, _) in inputs.items() if declared}
        known: dict[str, Domain | None] = {name: variables.get(name) for name in inputs}
        require = self._require(known, output)
        tokens, tokens_span = self._tokens(inputs)
        answer = self._answer(output)
        signature = Signature(
            self.syntax.name.text,
            known,
            output[0].text if output else None,
            output[1] if output else None,
            bool(self.syntax.inputs and output),
        )
        if self.report.errors > errors or output is None or output[1] is None or answer is None:
            return signature, None
        self._warn_unrendered(inputs, tokens)
        task = Task(
            self.syntax.name.text,
            tuple(declared for declared, _ in inputs.values() if declared),
            require,
            Declared(output[0].text, output[1], output[0].span),
            tokens,
            (answer,),
            self.syntax.doc,
            self.syntax.name.span,
            tokens_span,
        )
        return signature, task

    def _missing(self, what: str, help: str) -> None:
        name = self.syntax.name
        self.report.error("CS130", f"task `{name.text}` has no {what}", name.span, help=help)

    def _inputs(self) -> dict[str, tuple[Declared | None, Name]]:
        if not self.syntax.inputs:
            self._missing("input", "add a line `input x, y: 0..9`")
        inputs: dict[str, tuple[Declared | None, Name]] = {}
        for group in self.syntax.inputs:
            domain = self.domains.check_domain(group.domain)
            for name in group.names:
                if name.text in inputs:
                    report_twice(self.report, f"input `{name.text}`", name.span, inputs[name.text][1].span)
                else:
                    inputs[name.text] = (Declared(name.text, domain, name.span) if domain else None, name)
        return inputs

    def _output(self, inputs: dict[str, tuple[Declared | None, Name]]) -> tuple[Name, Domain | None] | None:
        groups = self.syntax.outputs
        if not groups:
            self._missing("output", "add a line `output y: bool`")
            return None
        names = [name for group in groups for name in group.names]
        name = names[0]
        if len(names) > 1:
            self.report.add(not_built("a second output", names[1].span, "write a task for each output"))
        domain = self.domains.check_domain(groups[0].domain)
        if name.text in inputs:
            report_twice(self.report, f"`{name.text}`", name.span, inputs[name.text][1].span)
            return None
        return name, domain

    def _require(
        self, known: dict[str, Domain | None], output: tuple[Name, Domain | None] | None
    ) -> tuple[Expression, ...]:
        refused = {}
        if output is not None:
            message = f"`{output[0].text}` is the output; `require` speaks of inputs"
            refused[output[0].text] = ("CS101", message, "restrict the inputs only")
        checker = ExpressionChecker(Scope(known, self.domains.symbols, refused=refused), self.report)
        typed = [checker.check_condition(expression, "`require`") for expression in self.syntax.require]
        return tuple(expression for expression in typed if expression is not None)

    def _tokens(self, inputs: dict[str, tuple[Declared | None, Name]]) -> tuple[tuple[str, ...], Span]:
        if not self.syntax.tokens:
            if self.syntax.inputs:
                self._missing(
                    "`tokens`", f"add a line `tokens [{', '.join(inputs)}]`: what the network is fed, in order"
                )
            return (), self.syntax.name.span
        first, *more = self.syntax.tokens
        for again in more:
            report_repeated(self.report, "`tokens`", again.span, first.span)
        seen: dict[str, Name] = {}
        for name in first.names:
            if name.text not in inputs:
                self.report.error(
                    "CS101",
                    f"expected an input in `tokens`, found `{name.text}`",
                    name.span,
                    "not an input",
                    help=suggest(name.text, inputs, "inputs"),
                )
            elif name.text in seen:
                self.report.error(
                    "CS131",
                    f"input `{name.text}` is fed twice",
                    name.span,
                    "again here",
                    related=[Label(seen[name.text].span, "first here")],
                    help="list each input once",
                )
            seen.setdefault(name.text, name)
        return tuple(seen), first.span

    def _warn_unrendered(self, inputs: dict[str, tuple[Declared | None, Name]], tokens: tuple[str, ...]) -> None:
        for text, (_, name) in inputs.items():
            if text not in tokens:
                self.report.warning(
                    "CS137",
                    f"input `{text}` is not among the `tokens`: the network never sees it",
                    name.span,
                    help=f"add `{text}` to `tokens`, or remove the input",
                )

    # --- answers

    def _answer(self, output: tuple[Name, Domain | None] | None) -> Answer | None:
        if output is None:
            return None
        name, domain = output
        if not self.syntax.answers:
            example = "{ false: 0, true: 1 }" if domain and domain.is_boolean else "index"
            self._missing("`answer`", f"add a line `answer {name.text}: {example}`: the class of each value")
            return None
        first, *more = self.syntax.answers
        for again in more:
            if again.output.text == first.output.text:
                report_repeated(self.report, "`answer`", again.span, first.span)
        if first.output.text != name.text:
            self.report.error(
                "CS101",
                f"expected the output `{name.text}`, found `{first.output.text}`",
                first.output.span,
                help=f"write `answer {name.text}: ...`",
            )
            return None
        if domain is None:
            return None
        if domain.size > MAX_ANSWERS:
            self.report.error(
                "CS115",
                f"the output has {domain.size} values, too many to be classes",
                name.span,
                help=f"an output has at most {MAX_ANSWERS} values",
            )
            return None
        if isinstance(first.reading, Name):
            return self._answer_by_word(first, first.reading, domain)
        return self._answer_by_map(first, first.reading, domain)

    def _answer_by_word(self, answer: AnswerSyntax, word: Name, domain: Domain) -> Answer | None:
        if word.text != "index":
            self.report.error(
                "CS101",
                f"expected `index` or classes in braces, found `{word.text}`",
                word.span,
                help=suggest(word.text, ["index"], "readings"),
            )
            return None
        if not domain.is_integer:
            self.report.error(
                "CS136",
                f"`index` reads a number as its own class, and `{answer.output.text}` is no number",
                word.span,
                help="give each value its class: `{ " + ", ".join(_example(domain)) + " }`",
            )
            return None
        if domain.low < 0:
            self.report.error(
                "CS135",
                f"`{answer.output.text}` can be {domain.low}, which is no class",
                word.span,
                help="classes are 0 and above; give each value its class in braces",
            )
            return None
        return Answer(answer.output.text, tuple(range(domain.low, domain.high + 1)), span=answer.span)

    def _answer_by_map(self, answer: AnswerSyntax, entries: tuple[AnswerEntry, ...], domain: Domain) -> Answer | None:
        classes: dict[int, AnswerEntry] = {}
        taken: dict[int, AnswerEntry] = {}
        errors = self.report.errors
        positions = {label: code for code, label in enumerate(domain.labels or ())}
        for entry in entries:
            code = self._code(entry.value, domain, positions)
            if code is None:
                continue
            shown = domain.show(code + domain.low if domain.is_integer else code)
            if code in classes:
                self.report.error(
                    "CS133",
                    f"value `{shown}` has two classes",
                    entry.span,
                    "again here",
                    related=[Label(classes[code].span, "first here")],
                    help="remove one of them",
                )
                continue
            classes[code] = entry
            number = entry.answer.value
            if number < 0:
                self.report.error("CS135", f"{number} is no class", entry.answer.span, help="classes are 0 and above")
            elif number in taken:
                self.report.error(
                    "CS134",
                    f"two values share class {number}",
                    entry.answer.span,
                    "the same class",
                    related=[Label(taken[number].answer.span, "taken here")],
                    help="each value needs a class of its own",
                )
            taken.setdefault(number, entry)
        if self.report.errors > errors:
            return None
        missing = [code for code in range(domain.size) if code not in classes]
        if missing:
            values = [domain.show(code + domain.low if domain.is_integer else code) for code in missing[:4]]
            more = len(missing) - len(values)
            listing = f"{', '.join(f'`{value}`' for value in values)} and {more} more" if more else listed(values)
            self.report.error(
                "CS132",
                f"`answer` gives no class to {listing}",
                answer.span,
                help="every value of the output needs a class",
            )
            return None
        return Answer(
            answer.output.text, tuple(classes[code].answer.value for code in range(domain.size)), span=answer.span
        )

    def _code(self, value: Name | Integer, domain: Domain, positions: dict[str, int]) -> int | None:
        """The code of a value of the output, or an error."""
        if isinstance(value, Integer):
            if domain.is_integer and domain.low <= value.value <= domain.high:
                return value.value - domain.low
            shown = str(value.value)
        else:
            if value.text in positions:
                return positions[value.text]
            shown = value.text
        help = (
            suggest(shown, domain.labels, "values")
            if domain.labels is not None
            else f"its values are {domain.low}..{domain.high}"
        )
        self.report.error("CS138", f"`{shown}` is no value of the output", value.span, help=help)
        return None


def _example(domain: Domain) -> list[str]:
    assert domain.labels is not None
    shown = [f"{label}: {index}" for index, label in enumerate(domain.labels[:3])]
    return shown if domain.size <= 3 else [*shown, "..."]
