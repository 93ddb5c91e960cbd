"""Answers as written -> for each output, where it is read from the network, and what each of its values is there."""

from collections.abc import Mapping, Sequence

from ...diagnostics import Label
from ...domains import Domain
from ...families import families_of, family_name, list_names
from ...places import Position
from ...program import Answer
from ...record import record
from ...scope import Reporter, report_repeated
from ...suggest import listed, suggest
from ...syntax.leaves import Integer, Name
from ...syntax.members import PositionSyntax
from ...syntax.tasks import AnswerEntry, AnswerSyntax
from ...syntax.texts import TextsSyntax
from ..expressions.symbols import Symbols
from ..networks.positions import SiteScope, check_positions
from .answer_values import AnswerValues, check_entries, render_values, show_code

MAX_ANSWERS = 1_000_000

Domains = Mapping[str, Domain | None]


@record
class AnswerScope:
    """What an answer's text may refer to: positions, the tokens that are fed (of a prompt none), and types' symbols."""

    sites: SiteScope
    tokens: tuple[str, ...]
    symbols: Symbols


def check_answers(
    written: Sequence[AnswerSyntax], task: Name, outputs: Domains, scope: AnswerScope, report: Reporter
) -> tuple[Answer, ...] | None:
    """One answer for each output, in the outputs' order; None after an error.

    Families are unrolled in `outputs`, whose domains are None where they are broken.
    """
    return _AnswerChecker(task, outputs, scope, report).check(written) if outputs else None


class _AnswerChecker:
    def __init__(self, task: Name, outputs: Domains, scope: AnswerScope, report: Reporter) -> None:
        self.task = task
        self.outputs = outputs
        self.scope = scope
        self.report = report

    def check(self, written: Sequence[AnswerSyntax]) -> tuple[Answer, ...] | None:
        errors = self.report.errors
        stated: dict[str, AnswerSyntax] = {}
        found: dict[str, Answer] = {}
        for answer in written:
            names = self._answered(answer)
            positions = self._positions(answer, names)
            for name, position in zip(names, positions, strict=True):
                if name in stated:
                    report_repeated(self.report, "`answer`", answer.span, stated[name].span)
                    break
                stated[name] = answer
                values = self._values(answer, name)
                if values is not None:
                    among = answer.among is not None
                    found[name] = Answer(name, values.classes, position, values.texts, among, answer.span)
        for answer in written:
            self._check_among(answer)
        if self.report.errors == errors:
            self._report_missing([name for name in self.outputs if name not in stated])
        if self.report.errors > errors or len(found) < len(self.outputs):
            return None
        return tuple(found[name] for name in self.outputs)

    def _answered(self, answer: AnswerSyntax) -> tuple[str, ...]:
        """The outputs that an answer speaks of: one, or a family's members."""
        name = answer.output.name.text
        families = families_of(self.outputs)
        if name in self.outputs:
            return (name,)
        if name in families:
            return families[name].members
        if family_name(name) in families:
            family = families[family_name(name)]
            message = f"there is no `{name}`: the members of `{family.name}` are {family.text}"
            self.report.error("CS140", message, answer.output.span, help="an index counts from 0")
            return ()
        (first, *more) = dict.fromkeys(map(family_name, self.outputs))
        self.report.error(
            "CS101",
            f"expected the output `{first}`, found `{name}`"
            if not more
            else f"expected one of the outputs {listed([first, *more])}, found `{name}`",
            answer.output.span,
            help=f"write `answer {first}: ...`" if not more else suggest(name, [first, *more], "outputs"),
        )
        return ()

    def _check_among(self, answer: AnswerSyntax) -> None:
        """All answers of a task are chosen in the same way."""
        if answer.among is not None and answer.among.text != "answers":
            self.report.error(
                "CS101",
                f"expected `answers` after `among`, found `{answer.among.text}`",
                answer.among.span,
                help="`among answers` is the best of the declared answers; without it, of all that the network can say",
            )

    def _report_missing(self, names: list[str]) -> None:
        if not names:
            return
        domain = self.outputs[names[0]]
        example = "index" if domain is None or domain.is_integer else "{ " + ", ".join(_example(domain)) + " }"
        what = "`answer`" if len(names) == len(self.outputs) else f"`answer` for {list_names(names)}"
        where = (
            ""
            if len(self.outputs) == 1
            else f" @ {{{family_name(self.scope.tokens[0]) if self.scope.tokens else 'x'}}}"
        )
        self.report.error(
            "CS130",
            f"task `{self.task.text}` has no {what}",
            self.task.span,
            help=f"add a line `answer {family_name(names[0])}{where}: {example}`: the class of each value",
        )

    # --- positions

    def _positions(self, answer: AnswerSyntax, names: tuple[str, ...]) -> list[Position | None]:
        """Where each output is read: as many positions as outputs, in order."""
        nowhere: list[Position | None] = [None] * len(names)
        if answer.position is None:
            if len(self.outputs) > 1 and names:
                self.report.error(
                    "CS139",
                    f"it is not said where {list_names(names)} {'is' if len(names) == 1 else 'are'} read",
                    answer.output.span,
                    help="several outputs are read at positions: `answer out @ {x}: ...`",
                )
            return nowhere
        found = check_positions(answer.position, self.scope.sites, self.report)
        if found is None or not names or not self._are_fed(found, answer.position):
            return nowhere
        if len(found) != len(names):
            self.report.error(
                "CS139",
                f"expected {len(names)} {'position' if len(names) == 1 else 'positions'} for {list_names(names)}, "
                f"found {len(found)}",
                answer.position.span,
                help="each output is read at one position, a family's members in order",
            )
            return nowhere
        return list(found)

    def _are_fed(self, positions: tuple[Position, ...], syntax: PositionSyntax) -> bool:
        """Each slot is a token of its own, and one token is read for one output."""
        slots = [position.slot for position in positions if position.slot is not None]
        unfed = [slot for slot in slots if self.scope.tokens and slot not in self.scope.tokens]
        if unfed:
            self.report.error(
                "CS139",
                f"{list_names(unfed)} {'is' if len(unfed) == 1 else 'are'} not among the `tokens`, and so at no "
                "position",
                syntax.span,
                help=f"add {list_names(unfed)} to `tokens`, or choose another position",
            )
        several = next((p for p in positions if p.part == "all"), None)
        if several is not None:
            self.report.error(
                "CS139",
                f"`{several.text}` may be several tokens, and an answer is read at one",
                syntax.span,
                help="write `@ last`, or the last token of a slot, `@ {x}`",
            )
        return not unfed and several is None

    # --- values

    def _values(self, answer: AnswerSyntax, name: str) -> AnswerValues | None:
        """What each value of an output is for the network, in the order of its codes."""
        domain = self.outputs[name]
        if domain is None:
            return None
        if domain.size > MAX_ANSWERS:
            self.report.error(
                "CS115",
                f"the output has {domain.size} values, too many to be classes",
                answer.output.span,
                help=f"an output has at most {MAX_ANSWERS} values",
            )
            return None
        match answer.reading:
            case Name() as word:
                classes = self._by_word(answer, word, domain)
                return None if classes is None else AnswerValues(classes=classes)
            case TextsSyntax() as texts:
                names = {name, family_name(answer.output.name.text)}
                return render_values(texts, names, domain, self.scope.symbols, self.report)
            case entries:
                return self._by_map(answer, entries, domain)

    def _by_word(self, answer: AnswerSyntax, word: Name, domain: Domain) -> tuple[int, ...] | None:
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
                f"`index` reads a number as its own class, and `{answer.output.name.text}` is no number",
                word.span,
                help="give each value its class: `{ " + ", ".join(_example(domain)) + " }`",
            )
            return None
        if domain.low < 0:
            self.report.error(
                "CS135",
                f"`{answer.output.name.text}` can be {domain.low}, which is no class",
                word.span,
                help="classes are 0 and above; give each value its class in braces",
            )
            return None
        return tuple(range(domain.low, domain.high + 1))

    def _by_map(self, answer: AnswerSyntax, entries: tuple[AnswerEntry, ...], domain: Domain) -> AnswerValues | None:
        errors = self.report.errors
        stated: dict[int, AnswerEntry] = {}
        positions = {label: code for code, label in enumerate(domain.labels or ())}
        for entry in entries:
            code = self._code(entry.value, domain, positions)
            if code is None:
                continue
            if code in stated:
                self.report.error(
                    "CS133",
                    f"value `{show_code(domain, code)}` has two classes",
                    entry.span,
                    "again here",
                    related=[Label(stated[code].span, "first here")],
                    help="remove one of them",
                )
                continue
            stated[code] = entry
        values = check_entries(stated, domain, self.report)
        if self.report.errors > errors or values is None:
            return None
        missing = [code for code in range(domain.size) if code not in stated]
        if missing:
            shown = [show_code(domain, code) for code in missing[:4]]
            more = len(missing) - len(shown)
            listing = f"{', '.join(f'`{value}`' for value in shown)} and {more} more" if more else listed(shown)
            self.report.error(
                "CS132",
                f"`answer` gives no class to {listing}",
                answer.span,
                help="every value of the output needs a class",
            )
            return None
        return values

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
