"""Answers as written -> for each output, where it is read from the network, and the class of each of its values."""

from collections.abc import Mapping, Sequence

from .diagnostics import Label
from .domains import Domain
from .families import families_of, family_name, list_names
from .places import Position
from .program import Answer
from .scope import Reporter, report_repeated
from .suggest import listed, suggest
from .syntax.leaves import Integer, Name
from .syntax.members import PositionItem, PositionSyntax
from .syntax.tasks import AnswerEntry, AnswerSyntax

MAX_ANSWERS = 1_000_000

Domains = Mapping[str, Domain | None]


def check_answers(
    written: Sequence[AnswerSyntax],
    task: Name,
    outputs: Domains,
    inputs: Domains,
    tokens: tuple[str, ...],
    report: Reporter,
) -> tuple[Answer, ...] | None:
    """One answer for each output, in the outputs' order; None after an error.

    Families are unrolled in `outputs` and `inputs`, whose domains are None where they are broken.
    """
    return _AnswerChecker(task, outputs, inputs, tokens, report).check(written) if outputs else None


class _AnswerChecker:
    def __init__(
        self, task: Name, outputs: Domains, inputs: Domains, tokens: tuple[str, ...], report: Reporter
    ) -> None:
        self.task = task
        self.outputs = outputs
        self.inputs = inputs
        self.tokens = tokens
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
                classes = self._classes(answer, name)
                if classes is not None:
                    found[name] = Answer(name, classes, position, span=answer.span)
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

    def _report_missing(self, names: list[str]) -> None:
        if not names:
            return
        domain = self.outputs[names[0]]
        example = "index" if domain is None or domain.is_integer else "{ " + ", ".join(_example(domain)) + " }"
        what = "`answer`" if len(names) == len(self.outputs) else f"`answer` for {list_names(names)}"
        where = "" if len(self.outputs) == 1 else f" @ {{{family_name(self.tokens[0]) if self.tokens else 'x'}}}"
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
        found = self._resolve(answer.position)
        if found is None or not names:
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

    def _resolve(self, position: PositionSyntax) -> list[Position] | None:
        found: list[Position] = []
        for item in position.items:
            resolved = self._item(item)
            if resolved is None:
                return None
            found += resolved
        return found

    def _item(self, item: PositionItem) -> list[Position] | None:
        if item.index is not None:
            return [Position(index=item.index)]
        if item.word is not None:
            if item.word.text == "last":
                return [Position(index=-1)]
            self.report.error(
                "CS101",
                f"expected a position, found `{item.word.text}`",
                item.word.span,
                help=f"the token of an input is written `{{{item.word.text}}}`; others are `last`, `0` and `-1`",
            )
            return None
        assert item.slot is not None
        return self._slot(item.slot.name.text, item)

    def _slot(self, name: str, item: PositionItem) -> list[Position] | None:
        """The token of an input, or the tokens of a family."""
        families = families_of(self.inputs)
        members = families[name].members if name in families else (name,)
        if not set(members) <= self.inputs.keys():
            family = families.get(family_name(name))
            self.report.error(
                "CS140" if family else "CS101",
                f"there is no `{name}`: the members of `{family.name}` are {family.text}"
                if family
                else f"expected an input in the braces, found `{name}`",
                item.span,
                help="an index counts from 0" if family else suggest(name, map(family_name, self.inputs), "inputs"),
            )
            return None
        unfed = [member for member in members if member not in self.tokens]
        if unfed and self.tokens:
            self.report.error(
                "CS139",
                f"{list_names(unfed)} {'is' if len(unfed) == 1 else 'are'} not among the `tokens`, and so at no "
                "position",
                item.span,
                help=f"add {list_names(unfed)} to `tokens`, or choose another position",
            )
            return None
        return [Position(slot=member) for member in members]

    # --- classes

    def _classes(self, answer: AnswerSyntax, name: str) -> tuple[int, ...] | None:
        """The class of each value of an output, in the order of its codes."""
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
        if isinstance(answer.reading, Name):
            return self._by_word(answer, answer.reading, domain)
        return self._by_map(answer, answer.reading, domain)

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

    def _by_map(self, answer: AnswerSyntax, entries: tuple[AnswerEntry, ...], domain: Domain) -> tuple[int, ...] | None:
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
        return tuple(classes[code].answer.value for code in range(domain.size))

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
