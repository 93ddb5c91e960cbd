"""`tokens`, `vector` or `prompt` as written -> how a task's inputs become what a network reads."""

from collections.abc import Mapping

from ...diagnostics import Label, Span
from ...domains import Domain
from ...expressions import variables_of
from ...families import families_of, family_name, list_names
from ...renderings import Prompt, Rendering, Tokens, Vector
from ...scope import Reporter, report_repeated
from ...suggest import suggest
from ...syntax.leaves import Name
from ...syntax.members import Indexed
from ...syntax.tasks import PromptSyntax, TaskSyntax, TokensSyntax, VectorSyntax
from ..expressions.expression_checker import ExpressionChecker
from ..expressions.expression_scope import describe
from ..expressions.texts import check_template

Inputs = Mapping[str, Domain | None]
WORDS: dict[type, str] = {TokensSyntax: "tokens", VectorSyntax: "vector", PromptSyntax: "prompt"}


def check_rendering(
    syntax: TaskSyntax, inputs: Inputs, checker: ExpressionChecker, report: Reporter
) -> Rendering | None:
    """The one rendering of a task; None after an error. `inputs` are unrolled, their domains None where broken."""
    if not syntax.renderings:
        if syntax.inputs:
            names = ", ".join(dict.fromkeys(map(family_name, inputs)))
            report.error(
                "CS130",
                f"task `{syntax.name.text}` has no `tokens`, `prompt` or `vector`",
                syntax.name.span,
                help=f'add a line `tokens [{names}]`: what the network is fed, in order; or a text, `prompt "..."`',
            )
        return None
    first, *more = syntax.renderings
    for again in more:
        if type(again) is type(first):
            word = WORDS[type(again)]
            several = "remove one of them"
            if word == "prompt":
                several = 'of several templates, `prompt "..." | "..."`, one is drawn for each input'
            report_repeated(report, f"`{word}`", again.span, first.span, several)
            continue
        report.error(
            "CS185",
            f"`{WORDS[type(again)]}` and `{WORDS[type(first)]}` both say what the network is fed",
            again.span,
            related=[Label(first.span, "the other one")],
            help="keep one of them; write a second task for the other",
        )
    if isinstance(first, PromptSyntax):
        return _prompt(first, checker, report)
    fed = _fed_inputs(first.names, inputs, WORDS[type(first)], report)
    if isinstance(first, TokensSyntax):
        return Tokens(fed, first.span)
    return Vector(fed, first.span) if _are_numbers(first, fed, inputs, report) else None


def shown_inputs(rendering: Rendering) -> frozenset[str]:
    """The inputs that the network sees, whichever template is drawn."""
    if not isinstance(rendering, Prompt):
        return frozenset(rendering.inputs)
    shown = [frozenset(v.name for slot in t.slots for v in variables_of(slot.expression)) for t in rendering.templates]
    return frozenset.intersection(*shown)


def warn_unrendered(spans: Mapping[str, Span], rendering: Rendering, report: Reporter) -> None:
    """Inputs that the network never sees, by the place where each is declared."""
    shown = shown_inputs(rendering)
    missing: dict[Span, list[str]] = {}
    for name, span in spans.items():
        if name not in shown:
            missing.setdefault(span, []).append(name)
    for span, names in missing.items():
        one = len(names) == 1
        prompted = isinstance(rendering, Prompt)
        where = "in every template of the `prompt`" if prompted else f"among the `{_word(rendering)}`"
        report.warning(
            "CS137",
            f"{'input' if one else 'inputs'} {list_names(names)} {'is' if one else 'are'} not {where}: "
            f"the network never sees {'it' if one else 'them'}",
            span,
            help=(f"write a slot, `{{{names[0]}}}`" if prompted else f"add {list_names(names)} to `{_word(rendering)}`")
            + f", or remove the {'input' if one else 'inputs'}",
        )


def _word(rendering: Rendering) -> str:
    return "vector" if isinstance(rendering, Vector) else "tokens"


def _prompt(syntax: PromptSyntax, checker: ExpressionChecker, report: Reporter) -> Prompt | None:
    templates = [check_template(template, checker, report) for template in syntax.templates.templates]
    found = [template for template in templates if template is not None]
    if len(found) < len(templates):
        return None
    for index, template in enumerate(found):
        if template in found[:index]:
            report.error("CS011", "a template is listed twice", template.span, help="remove one of them")
            return None
        if not template.parts:
            report.error("CS187", "the prompt is empty", template.span, help="write what the network reads")
            return None
    return Prompt(tuple(found), syntax.span)


# --- lists of inputs -------------------------------------------------------------------------------------------------


def _fed_inputs(written: tuple[Indexed, ...], inputs: Inputs, word: str, report: Reporter) -> tuple[str, ...]:
    seen: dict[str, Indexed] = {}
    for item in written:
        for name in _fed(item.name, item.span, inputs, word, report):
            if name in seen:
                report.error(
                    "CS131",
                    f"input `{name}` is fed twice",
                    item.span,
                    "again here",
                    related=[Label(seen[name].span, "first here")],
                    help="list each input once",
                )
            seen.setdefault(name, item)
    return tuple(seen)


def _fed(written: Name, span: Span, inputs: Inputs, word: str, report: Reporter) -> tuple[str, ...]:
    """The inputs that a name in `tokens` stands for: itself, or a family's members in order."""
    name = written.text
    if name in inputs:
        return (name,)
    families = families_of(inputs)
    if name in families:
        return families[name].members
    if family_name(name) in families:
        family = families[family_name(name)]
        message = f"there is no `{name}`: the members of `{family.name}` are {family.text}"
        report.error("CS140", message, span, help="an index counts from 0")
        return ()
    report.error(
        "CS101",
        f"expected an input in `{word}`, found `{name}`",
        span,
        "not an input",
        help=suggest(name, map(family_name, inputs), "inputs"),
    )
    return ()


def _are_numbers(syntax: VectorSyntax, names: tuple[str, ...], inputs: Inputs, report: Reporter) -> bool:
    for name in names:
        domain = inputs[name]
        if domain is not None and not domain.is_integer and not domain.is_boolean:
            report.error(
                "CS184",
                f"`vector` feeds numbers, and `{name}` is {describe(domain)}",
                syntax.span,
                help="feed it as one of `tokens [...]`, or give it a range of numbers",
            )
            return False
    return True
