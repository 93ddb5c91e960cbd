"""What a name in an effect stands for: an input, a site, an aligned variable, a circuit, a node, or `it`."""

from collections.abc import Iterator
from typing import Any

from ..effects import (
    CandidateSubject,
    CircuitSubject,
    InputSubject,
    RestSubject,
    SiteSubject,
    Subject,
    VariablesSubject,
)
from ..families import families_of, family_name, member_name
from ..places import Region, Site
from ..record import record
from ..scope import AlignmentView, Names, Reporter, Signature, Table
from ..sites.components import COMPONENTS
from ..suggest import suggest
from ..syntax.alignments import Dims, Index, SiteSyntax, Star
from ..syntax.effects import Bracket, SubjectSyntax, ThingSyntax, WrappedSyntax
from ..syntax.expressions import ExpressionSyntax, LoopRange, Reference
from ..syntax.leaves import Integer, Name
from ..unroll.static_index import indexed_name
from ..unroll.static_values import static_value
from ..unroll.unroll_expressions import index_text
from ..words.borrowed import help_site
from .positions import SiteScope
from .sites import check_region, check_site

CANDIDATE = "it"
WRAPPERS = ("rest", "random")


@record
class ThingScope:
    """Where a thing stands: the task whose inputs it may be, and whether `it` is known (within `by`)."""

    names: Names
    task: Signature | None
    searching: bool = False

    @property
    def report(self) -> Reporter:
        return self.names.report


def whole_name(thing: ThingSyntax) -> Name | None:
    """The name with its index, `heads[grounding]`, where what stands in its brackets can be one."""
    if not thing.brackets:
        return thing.name
    first, *more = thing.brackets
    if more or len(first.entries) != 1:
        return None
    (entry,) = first.entries
    if isinstance(entry, LoopRange | Star):
        return None
    plain = isinstance(entry, Reference) and entry.index is None and entry.role is None
    text = entry.name.text if plain and isinstance(entry, Reference) else index_text(entry)
    return None if text is None else Name(member_name(thing.name.text, text), thing.span)


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


def check_thing_site(syntax: ThingSyntax, scope: ThingScope) -> Site | None:
    """One stated site; None after an error."""
    site = _as_site(syntax, scope)
    return None if site is None else check_site(site, _site_scope(scope), scope.report)


def check_thing_region(syntax: ThingSyntax, scope: ThingScope) -> Region | None:
    """A region of sites; None after an error."""
    site = _as_site(syntax, scope)
    return None if site is None else check_region(site, _site_scope(scope), scope.report)


# --- what a name may be ----------------------------------------------------------------------------------------------


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
            scope.report.error(
                "CS417",
                f"alignment `{view.name}` does not place `{name.text}`",
                name.span,
                help=suggest(name.text, view.placed, "variables"),
            )
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


# --- sites -----------------------------------------------------------------------------------------------------------


def _site_scope(scope: ThingScope) -> SiteScope:
    loaders = {network.loader for network in scope.names.networks.entries.values() if network is not None}
    loader = loaders.pop() if len(loaders) == 1 else None
    task = scope.task
    return SiteScope(None, (), False, loader) if task is None else SiteScope(task.slots, (), task.prompted, loader)


def _as_site(syntax: ThingSyntax, scope: ThingScope) -> SiteSyntax | None:
    """The thing as the syntax of a site, with numbers in its brackets; None after an error."""
    indices = [_index(bracket, scope.report) for bracket in syntax.brackets]
    known = [index for index in indices if index is not None]
    if len(known) < len(indices):
        return None
    return SiteSyntax(syntax.name, tuple(known), syntax.position, syntax.path, syntax.span)


def _index(bracket: Bracket, report: Reporter) -> Index | None:
    entries: list[Dims | Star] = []
    for entry in bracket.entries:
        if isinstance(entry, Star):
            entries.append(entry)
            continue
        low, high = (entry.low, entry.high) if isinstance(entry, LoopRange) else (entry, entry)
        ends = [_whole(low, report), _whole(high, report)]
        if ends[0] is None or ends[1] is None:
            return None
        entries.append(Dims(ends[0], ends[1], entry.span))
    return Index(tuple(entries), bracket.span)


def _whole(expression: ExpressionSyntax, report: Reporter) -> Integer | None:
    value = static_value(expression)
    if type(value) is not int or value < 0:
        report.error(
            "CS306",
            "expected a layer, head or dim, which is a whole number from 0",
            expression.span,
            help="write numbers, as in `hidden[1][0..3]`",
        )
        return None
    return Integer(value, expression.span)
