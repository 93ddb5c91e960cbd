"""What each value of an output is for a network: a class, or the texts that it accepts. No two values are the same."""

from collections.abc import Collection, Mapping

from ...diagnostics import Label, Span
from ...domains import Domain
from ...record import record
from ...scope import Reporter
from ...syntax.leaves import Integer
from ...syntax.tasks import AnswerEntry
from ...syntax.texts import TemplateSyntax, TextsSyntax
from ...texts import Template
from ..expressions.evaluate_expression import evaluate_expression
from ..expressions.expression_checker import ExpressionChecker
from ..expressions.expression_scope import Scope
from ..expressions.symbols import Symbols
from ..expressions.texts import check_template

MAX_TEXTS = 100_000


@record
class AnswerValues:
    """One entry for each value, in the order of codes: classes, or the texts that each accepts; the other is empty."""

    classes: tuple[int, ...] = ()
    texts: tuple[tuple[str, ...], ...] = ()


def check_entries(stated: Mapping[int, AnswerEntry], domain: Domain, report: Reporter) -> AnswerValues | None:
    """The entries of `{ value: class, ... }`, by code. None after an error."""
    errors = report.errors
    texts = {code: entry.answer for code, entry in stated.items() if isinstance(entry.answer, TextsSyntax)}
    if texts and len(texts) < len(stated):
        entry = next(entry for entry in stated.values() if isinstance(entry.answer, Integer))
        report.error(
            "CS186",
            "expected a text, found a class: the answers of one output are of one kind",
            entry.answer.span,
            related=[Label(next(iter(texts.values())).span, "a text")],
            help="write texts for all values, or classes for all",
        )
        return None
    if texts:
        found = {code: _plain_texts(syntax, report) for code, syntax in texts.items()}
        _check_injective(
            [(code, text, span) for code, pairs in sorted(found.items()) for text, span in pairs], domain, report
        )
        if report.errors > errors:
            return None
        return AnswerValues(texts=tuple(tuple(text for text, _ in found[code]) for code in sorted(found)))
    classes: dict[int, int] = {}
    taken: dict[int, Span] = {}
    for code, entry in stated.items():
        assert isinstance(entry.answer, Integer)
        number, span = entry.answer.value, entry.answer.span
        if number < 0:
            report.error("CS135", f"{number} is no class", span, help="classes are 0 and above")
        elif number in taken:
            report.error(
                "CS134",
                f"two values share class {number}",
                span,
                "the same class",
                related=[Label(taken[number], "taken here")],
                help="each value needs a class of its own",
            )
        taken.setdefault(number, span)
        classes[code] = number
    return None if report.errors > errors else AnswerValues(tuple(classes[code] for code in sorted(classes)))


def render_values(
    syntax: TextsSyntax, names: Collection[str], domain: Domain, symbols: Symbols, report: Reporter
) -> AnswerValues | None:
    """The texts of every value of an output from templates that read it by one of its `names`. None after an error."""
    errors = report.errors
    if domain.size > MAX_TEXTS:
        report.error(
            "CS115",
            f"the output has {domain.size:,} values, too many to be rendered as texts",
            syntax.span,
            help=f"an output that is read as texts has at most {MAX_TEXTS:,} values",
        )
        return None
    checker = ExpressionChecker(Scope(dict.fromkeys(names, domain), symbols), report)
    templates = [check_template(template, checker, report) for template in syntax.templates]
    found = [template for template in templates if template is not None]
    if len(found) < len(templates):
        return None
    texts: list[tuple[str, ...]] = []
    claims: list[tuple[int, str, Span]] = []
    for code in range(domain.size):
        shown = tuple(dict.fromkeys(_render(t, dict.fromkeys(names, domain.low + code)) for t in found))
        texts.append(shown)
        claims += [(code, text, syntax.span) for text in shown]
    _check_injective(claims, domain, report)
    return None if report.errors > errors else AnswerValues(texts=tuple(texts))


def show_code(domain: Domain, code: int) -> str:
    """A value, from its code, as the user writes it."""
    return domain.show(code + domain.low if domain.is_integer else code)


def _render(template: Template, values: Mapping[str, int]) -> str:
    parts = (p if isinstance(p, str) else p.render(evaluate_expression(p.expression, values)) for p in template.parts)
    return "".join(parts)


def _plain_texts(syntax: TextsSyntax, report: Reporter) -> list[tuple[str, Span]]:
    """The spellings of one value; they have no slots."""
    found: list[tuple[str, Span]] = []
    for template in syntax.templates:
        text = _plain(template, report)
        if text is None:
            continue
        if text in (before for before, _ in found):
            report.error(
                "CS133", f"`{text}` is listed twice for one value", template.span, help="list each spelling once"
            )
        found.append((text, template.span))
    return found


def _plain(template: TemplateSyntax, report: Reporter) -> str | None:
    if any(not isinstance(part, str) for part in template.parts):
        report.error(
            "CS187",
            "the text of one value has a slot",
            template.span,
            help='write the text itself; to render every value by one text, write `answer x: " {x}"`',
        )
        return None
    return "".join(part for part in template.parts if isinstance(part, str))


def _check_injective(claims: list[tuple[int, str, Span]], domain: Domain, report: Reporter) -> None:
    """No text stands for two values, and none is empty."""
    owners: dict[str, tuple[int, Span]] = {}
    for code, text, span in claims:
        if not text:
            report.error("CS187", f"the text of `{show_code(domain, code)}` is empty", span, help="write what is said")
            return
        if text in owners and owners[text][0] != code:
            first, where = owners[text]
            report.error(
                "CS134",
                f"two values share the text `{text}`: `{show_code(domain, first)}` and `{show_code(domain, code)}`",
                span,
                "the same text",
                related=[Label(where, "taken here")] if where != span else (),
                help="each value needs a text of its own",
            )
            return
        owners.setdefault(text, (code, span))
