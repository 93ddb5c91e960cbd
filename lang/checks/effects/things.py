"""What a name in an effect stands for: an input, a site, an aligned variable, a circuit, a node, or `it`."""

from collections.abc import Iterator
from typing import Any

from ...effects import (
    CandidateSubject,
    CircuitSubject,
    InputSubject,
    RestSubject,
    SiteSubject,
    Subject,
    VariablesSubject,
)
from ...families import families_of, family_name
from ...scope import AlignmentView, Table, report_not_placed
from ...sites.components import COMPONENTS
from ...suggest import suggest
from ...syntax.effects import SubjectSyntax, ThingSyntax, WrappedSyntax
from ...unroll.static_index import indexed_name
from ...words.borrowed import help_site
from .thing_scope import ThingScope, whole_name
from .thing_sites import check_thing_site

CANDIDATE = "it"
WRAPPERS = ("rest", "random")


def is_site(thing: ThingSyntax, scope: ThingScope) -> bool:
    """Whether a thing is written as a place of the network, by its component."""
    return thing.members is None and thing.name.text in COMPONENTS and not _declared(thing, scope)


def check_subject(syntax: SubjectSyntax, scope: ThingScope) -> Subject | None:
    """What can be set or held in a run; None after an error."""
    if isinstance(syntax, WrappedSyntax):
        return _wrapped(syntax, scope)
    if syntax.members is not None:
        return _variables(syntax, scope)
    if syntax.name.text == CANDIDATE and not syntax.brackets:
        return _candidate(syntax, scope)
    declared = _declared(syntax, scope)
    if len(declared) > 1:
        scope.report.error(
            "CS475",
            f"`{syntax.name.text}` can mean several things",
            syntax.span,
            notes=[f"it is {' and '.join(what for what, _ in declared)}"],
            help="rename one of them",
        )
        return None
    if declared:
        ((_, subject),) = declared
        return subject
    if syntax.name.text in COMPONENTS:
        site = check_thing_site(syntax, scope)
        return None if site is None else SiteSubject(site)
    _report_unknown(syntax, scope)
    return None


def _declared(syntax: ThingSyntax, scope: ThingScope) -> list[tuple[str, Subject | None]]:
    """Everything that is declared under the name, and what it would be here (None: broken, and reported)."""
    name = whole_name(syntax)
    if name is None or syntax.position is not None or syntax.path is not None:
        return []
    names, found = scope.names, list[tuple[str, Subject | None]]()
    if name.text in names.nodes.entries:
        node = names.nodes.entries[name.text]
        found.append(("a node", None if node is None else node.circuit))
    if name.text in names.circuits.entries:
        known = names.circuits.entries[name.text] is not None
        found.append(("a circuit", CircuitSubject(name.text) if known else None))
    if scope.task is not None and name.text in scope.task.inputs:
        found.append(("an input", InputSubject(name.text)))
    elif scope.task is not None and name.text in (families := families_of(scope.task.inputs)):
        found.append(("an input", InputSubject(name.text, families[name.text].members)))
    return found


def _candidate(syntax: ThingSyntax, scope: ThingScope) -> Subject | None:
    if scope.searching:
        return CandidateSubject()
    scope.report.error(
        "CS465",
        "`it` stands for the candidate of a search, and nothing is searched for here",
        syntax.span,
        help="name a site, a circuit, an input or an aligned variable; `it` belongs after `by`",
    )
    return None


def _wrapped(syntax: WrappedSyntax, scope: ThingScope) -> Subject | None:
    """`rest(C)`, `rest(A)`, `random(C)`."""
    word, inner = syntax.word.text, syntax.inner
    if word not in WRAPPERS:
        scope.report.error(
            "CS461",
            f"expected `rest(...)` or `random(...)`, found `{word}(...)`",
            syntax.word.span,
            "a value and no part of the network" if word in ("mean", "noise") else "",
            help="a value stands after `:=`, as in `{X := mean(X)}`"
            if word in ("mean", "noise")
            else suggest(word, WRAPPERS, "choices"),
        )
        return None
    name = whole_name(inner) if isinstance(inner, ThingSyntax) and inner.members is None else None
    if name is None:
        scope.report.error(
            "CS466",
            f"`{word}` is of a circuit" + (" or an alignment" if word == "rest" else ""),
            inner.span,
            help=f"name a circuit: `{word}(C)`",
        )
        return None
    names = scope.names
    if word == "rest" and name.text in names.alignments.entries:
        return None if names.alignments.entries[name.text] is None else RestSubject(name.text, "alignment")
    if name.text in names.nodes.entries and name.text not in names.circuits.entries:
        node = names.nodes.entries[name.text]
        circuit = None if node is None else node.circuit
        if isinstance(circuit, CircuitSubject):
            return _around(word, circuit.circuit)
    if name.text not in names.circuits.entries and any(name.text in table.entries for table in names.tables):
        scope.report.error(
            "CS466",
            f"`{word}` is of a circuit" + (" or an alignment" if word == "rest" else "") + f", found `{name.text}`",
            name.span,
            help=suggest("", names.circuits.entries, "circuits"),
        )
        return None
    if names.find(names.circuits, name) is None:
        return None
    return _around(word, name.text)


def _around(word: str, circuit: str) -> Subject:
    return CircuitSubject(circuit, True) if word == "random" else RestSubject(circuit, "circuit")


def _variables(syntax: ThingSyntax, scope: ThingScope) -> Subject | None:
    """`das.left`, `das.{left, right}`."""
    assert syntax.members is not None
    view = find_alignment(syntax, scope)
    if view is None:
        return None
    chosen: list[str] = []
    for member in syntax.members:
        name = indexed_name(member, scope.report)
        if name is None:
            return None
        if name.text not in view.placed:
            report_not_placed(view, name, scope.report)
            return None
        if name.text in chosen:
            scope.report.error("CS011", f"`{name.text}` is given twice", name.span, help="remove one of them")
            return None
        chosen.append(name.text)
    return VariablesSubject(view.name, tuple(name for name in view.placed if name in chosen))


def find_alignment(syntax: ThingSyntax, scope: ThingScope) -> AlignmentView | None:
    """The alignment before a point; None after an error."""
    name = whole_name(syntax)
    if name is None or syntax.position is not None:
        scope.report.error(
            "CS461",
            "a point follows the name of an alignment",
            syntax.span,
            help="write `A.x` with an alignment and one of its variables",
        )
        return None
    return scope.names.find(scope.names.alignments, name)


def _broken(table: Table[Any]) -> Iterator[str]:
    """The names, and families' names, of what is declared in a table and is reported there."""
    return (family_name(name) for name, entry in table.entries.items() if entry is None)


def _report_unknown(syntax: ThingSyntax, scope: ThingScope) -> None:
    names, word = scope.names, syntax.name.text
    known = whole_name(syntax) or syntax.name
    inputs = [] if scope.task is None else list(scope.task.inputs)
    if any(family_name(known.text) in {*table.broken, *_broken(table)} for table in (names.circuits, names.nodes)):
        return
    if known.text in names.alignments.entries:
        view = names.alignments.entries[known.text]
        scope.report.error(
            "CS461",
            f"`{known.text}` is an alignment, and an effect is of its variables",
            syntax.span,
            help=f"write `{known.text}.{view.placed[0]}`" if view is not None else "name one of its variables",
        )
        return
    kinds = [table.with_article for table in names.tables if known.text in table.entries]
    if kinds:
        scope.report.error(
            "CS461",
            f"expected an input, a site, a circuit or an aligned variable, found {kinds[0]}",
            syntax.span,
            help="name what is set: `hidden[1]`, `A.x`, a circuit or an input",
        )
        return
    placing = [view.name for view in names.alignments.entries.values() if view is not None and word in view.placed]
    help = f"write `{placing[0]}.{word}`" if placing else ""
    choices = [*inputs, *names.circuits.entries, *names.nodes.entries, *COMPONENTS]
    scope.report.error(
        "CS101",
        f"expected an input, a site, a circuit or an aligned variable, found the unknown name `{word}`",
        syntax.name.span,
        "not declared",
        help=help or help_site(word) or suggest(word, choices, "names here"),
    )
