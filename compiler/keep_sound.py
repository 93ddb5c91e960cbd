"""A file with errors -> the declarations of it that rest on nothing wrong, so that what is wrong with them shows, too.

From the typed declarations and the diagnostics so far to a program that later checks may read: what they find in it is
wrong whatever else is mended.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from ..lang.circuits import Circuit, Graph, TopSites
from ..lang.claims import Accuracy, Claim, Estimand, Iia, Reading
from ..lang.diagnostics import Diagnostic, Source, Span
from ..lang.effects import (
    CircuitSubject,
    Effect,
    Mean,
    RestSubject,
    Subject,
    Taken,
    Target,
    VariablesSubject,
    VariableTarget,
)
from ..lang.parsing.scanner import KEYWORDS, Slice, slice_declarations
from ..lang.places import Site
from ..lang.program import Alignment, Model, Pairs, Program
from ..lang.record import record

_TABLES = {
    "task": "tasks",
    "model": "models",
    "network": "networks",
    "align": "alignments",
    "pairs": "pairs",
    "claim": "claims",
    "circuit": "circuits",
    "graph": "graphs",
}
"""The table of the program that each declaration enters."""
_DECISIVE = frozenset(["model", "pairs", "settings"])
"""Declarations that matter to claims which do not name them."""

Rests = Iterator[tuple[str, str]]
"""What something rests on: a table of the program, and a name in it."""


def keep_sound(program: Program, source: Source, found: Iterable[Diagnostic]) -> Program:
    """The program itself where nothing is wrong, else what is left without all that an error touches.

    A model that is wrong or missing may exclude inputs, and a recipe may be meant by default: without one, nothing is
    claimed of its task, and if it is not known which task that is, of none.
    """
    faults = [diagnostic.label.span for diagnostic in found if diagnostic.severity == "error"]
    if not faults:
        return program
    slices = _Slices(slice_declarations(source)[1])
    wrong = {slices.index(fault) for fault in faults}
    tables: dict[str, dict[str, Any]] = {kind: getattr(program, table) for kind, table in _TABLES.items()}
    read = {kind: {slices.index(declared.span) for declared in table.values()} for kind, table in tables.items()}
    missing = {
        index
        for index, part in enumerate(slices.parts)
        if any(index not in read[kind] for kind in _kinds(part) & set(_TABLES))
    }
    sound: dict[str, Any] = {
        _TABLES[kind]: {name: d for name, d in table.items() if slices.index(d.span) not in wrong}
        for kind, table in tables.items()
    }
    kept = replace(program, **sound)
    if any("model" in _kinds(slices.parts[index]) for index in missing) and slices.mention("the"):
        kept = replace(kept, models={})
    if -1 in wrong or any(_sets_what_claims_mean(slices.parts[index], index in missing) for index in wrong | missing):
        kept = replace(kept, claims={})
    of_tasks: tuple[Model | Pairs, ...] = (*program.models.values(), *program.pairs.values())
    return _close(kept, frozenset(d.task for d in of_tasks if slices.index(d.span) in wrong))


@record
class _Slices:
    """A file's declarations by where they stand."""

    parts: tuple[Slice, ...]

    def index(self, span: Span) -> int:
        """The declaration that a place belongs to; -1: none."""
        at = bisect_right(self.parts, span.start, key=lambda part: part.span.start) - 1
        return at if at >= 0 and span.start < self.parts[at].span.end else -1

    def mention(self, word: str) -> bool:
        """Whether a word stands anywhere."""
        return any(token.text == word for part in self.parts for token in part.tokens)


def _kinds(part: Slice) -> set[str]:
    """The keywords of what it declares: of a loop those within; an unknown word may have meant any."""
    if part.keyword in KEYWORDS:
        return {part.keyword}
    words = {token.text for token in part.tokens if token.kind == "word"}
    return words & set(KEYWORDS) if part.keyword == "for" else set(KEYWORDS)


def _sets_what_claims_mean(part: Slice, is_missing: bool) -> bool:
    """Whether claims may mean it without its name, and it is not known of which task; `doubted` tasks are known."""
    known = part.keyword in ("model", "pairs") and not is_missing
    return bool(_kinds(part) & _DECISIVE) and not known


def _close(program: Program, doubted: frozenset[str]) -> Program:
    """Without what rests on something that the program lacks, and without claims about the tasks that are doubted."""
    claims = {n: c for n, c in program.claims.items() if not doubted & set(_tasks(c, program))}
    kept = replace(program, claims=claims)
    while True:
        tables: dict[str, Any] = {
            table: {
                name: d
                for name, d in getattr(kept, table).items()
                if all(named in getattr(kept, other) for other, named in _rests_on(d))
            }
            for table in ("models", "pairs", "alignments", "circuits", "graphs", "claims")
        }
        if all(len(found) == len(getattr(kept, table)) for table, found in tables.items()):
            return kept
        kept = replace(kept, **tables)


def _tasks(claim: Claim, program: Program) -> Iterator[str]:
    """The tasks that a claim is about."""
    for estimand in _estimands(claim):
        if isinstance(estimand, Accuracy | Effect | Mean):
            yield estimand.task
        elif (alignment := program.alignments.get(estimand.alignment)) and alignment.model in program.models:
            yield program.models[alignment.model].task


def _rests_on(declared: Model | Pairs | Alignment | Circuit | Graph | Claim) -> Rests:
    match declared:
        case Model() | Pairs():
            yield "tasks", declared.task
        case Alignment():
            yield from (("models", declared.model), ("networks", declared.network))
            yield from _of_recipe(declared.pairs)
            for placement in declared.placements:
                if isinstance(placement.place, Site) and placement.place.inside is not None:
                    yield "alignments", placement.place.inside[0]
        case Circuit(sites=TopSites(score=score)):
            yield from _of_estimand(score)
        case Graph():
            yield from (("tasks", declared.task), ("networks", declared.network))
            for node in declared.nodes:
                yield from _of_thing(node.circuit)
                yield from _of_thing(node.target)
        case Claim():
            for estimand in _estimands(declared):
                yield from _of_estimand(estimand)


def _estimands(claim: Claim) -> Iterator[Estimand]:
    for part in claim.parts:
        for term in (*part.left.terms, *part.right.terms):
            yield term.estimand


def _of_estimand(estimand: Estimand) -> Rests:
    yield "networks", estimand.network
    yield from _of_recipe(estimand.pairs)
    match estimand:
        case Accuracy() | Mean():
            yield "tasks", estimand.task
        case Effect():
            yield "tasks", estimand.task
            for thing in (*estimand.things, estimand.target):
                yield from _of_thing(thing)
            for value in estimand.taken:
                if isinstance(value, Taken) and value.network is not None:
                    yield "networks", value.network
        case Iia():
            yield "alignments", estimand.alignment
            if estimand.origin is not None:
                yield "alignments", estimand.origin
        case Reading():
            yield "alignments", estimand.alignment


def _of_recipe(name: str | None) -> Rests:
    if name is not None:
        yield "pairs", name


def _of_thing(thing: Subject | Target) -> Rests:
    match thing:
        case VariablesSubject(alignment=alignment) | VariableTarget(alignment=alignment):
            yield "alignments", alignment
        case RestSubject(of=name, kind=kind):
            yield ("circuits" if kind == "circuit" else "alignments"), name
        case CircuitSubject(circuit=name):
            yield "circuits", name
