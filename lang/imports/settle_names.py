"""The tree of several files -> one whose names mean one thing each, and whose paths start at the spec's folder.

A name that several files declare is told apart by the file's name, `tasks.equality`; within a file its own declaration
is meant. Claims and settings of imported files belong to these files, and are left out.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from ..diagnostics import Diagnostic, Label, Source, SourcePart, Span
from ..record import record
from ..syntax.claims import ClaimSyntax
from ..syntax.domains import CsvDomain
from ..syntax.imports import ImportSyntax
from ..syntax.leaves import Name, Text
from ..syntax.members import ForSyntax, Indexed
from ..syntax.models import Equation
from ..syntax.networks import Argument, NetworkSyntax
from ..syntax.settings import SettingsSyntax
from ..syntax.tables import Parameter
from ..syntax.tasks import DeclaredSyntax
from ..syntax.tree import KEYWORDS, BrokenDeclaration, SyntaxTree

_OWN_NAMES = (Indexed, DeclaredSyntax, Parameter, Equation)
"""Nodes whose names are variables, which no other file can mean."""


def settle_names(tree: SyntaxTree, source: Source) -> tuple[SyntaxTree, tuple[Diagnostic, ...]]:
    """The tree, and a diagnostic for each qualified name that means nothing."""
    if not source.parts:
        kept = tuple(d for d in tree.declarations if not isinstance(d, ImportSyntax))
        return (tree if len(kept) == len(tree.declarations) else replace(tree, declarations=kept)), ()
    by_part: dict[SourcePart, list[Any]] = {part: [] for part in source.parts}
    for declaration in tree.declarations:
        by_part[source.part_at(declaration.span.start)].append(declaration)
    declared = {part: _names(declarations) for part, declarations in by_part.items()}
    for broken in tree.broken:  # what cannot be read is declared all the same
        declared[source.part_at(broken.span.start)].add((broken.keyword, broken.name))
    owners: dict[tuple[str, str], list[SourcePart]] = {}
    for part, names in declared.items():
        for name in names:
            owners.setdefault(name, []).append(part)
    found: list[Diagnostic] = []
    settled: list[Any] = []
    for part, declarations in by_part.items():
        renamed = _renamed(part, declared, owners)
        for declaration in declarations:
            if isinstance(declaration, ImportSyntax):
                continue
            if part.alias and isinstance(declaration, ClaimSyntax | SettingsSyntax):
                continue
            settled.append(_settle(declaration, renamed, part.folder if part.alias else "", found))
    unknown = tuple(BrokenDeclaration("", source.text[d.label.span.start : d.label.span.end]) for d in found)
    return replace(tree, declarations=tuple(settled), broken=(*tree.broken, *unknown)), tuple(found)


@record
class _Names:
    """What a file's names mean: `own` those that it declares and must be told apart, `qualified` those with a dot."""

    own: Mapping[str, str]
    qualified: Mapping[str, str]


def _renamed(
    part: SourcePart,
    declared: Mapping[SourcePart, set[tuple[str, str]]],
    owners: Mapping[tuple[str, str], list[SourcePart]],
) -> _Names:
    own: dict[str, str] = {}
    qualified: dict[str, str] = {}
    for other, names in declared.items():
        for kind, name in names:
            clashes = len(owners[kind, name]) > 1 and bool(other.alias)
            means = f"{other.alias}.{name}" if clashes else name
            if other == part and clashes:
                own[name] = means
            for alias, identity in part.imports:
                if identity == other.identity:
                    qualified[f"{alias}.{name}"] = means
    return _Names(own, qualified)


def _names(declarations: list[Any]) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    pending = list(declarations)
    while pending:
        declaration = pending.pop()
        if isinstance(declaration, ForSyntax):
            pending.extend(declaration.body)
        elif isinstance(name := getattr(declaration, "name", None), Name):
            found.add((KEYWORDS[type(declaration)], name.text))
    return found


def _settle(node: Any, names: _Names, folder: str, found: list[Diagnostic]) -> Any:
    if isinstance(node, Name):
        return _settled_name(node, names, folder, found)
    if isinstance(node, tuple):
        return tuple(_settle(item, names, folder, found) for item in node)
    if isinstance(node, Span) or not is_dataclass(node) or isinstance(node, type):
        return node
    if isinstance(node, CsvDomain | NetworkSyntax) and folder not in ("", "."):
        node = replace(node, arguments=(*(_moved(a, folder) for a in node.arguments[:1]), *node.arguments[1:]))
    kept = ("name", "target") if isinstance(node, _OWN_NAMES) else ()
    changed = {
        field.name: after
        for field in fields(node)
        if field.name not in kept
        if (after := _settle(before := getattr(node, field.name), names, folder, found)) is not before
    }
    return replace(node, **changed) if changed else node


def _settled_name(name: Name, names: _Names, folder: str, found: list[Diagnostic]) -> Name:
    index = _settle(name.index, names, folder, found) if name.index is not None else None
    text = names.own.get(name.text, name.text)
    if "." in name.text:
        text = names.qualified.get(name.text, "")
        if not text:
            alias, _, word = name.text.partition(".")
            found.append(
                Diagnostic(
                    "CS173",
                    f"the import `{alias}` declares no `{word}`",
                    Label(name.span, "not declared there"),
                    help="check the name, or the file that is imported",
                )
            )
            text = name.text
    return name if text == name.text and index is name.index else replace(name, text=text, index=index)


def _moved(argument: Argument, folder: str) -> Argument:
    """A path of an imported file, from the spec's folder."""
    path = argument.value
    if not isinstance(path, Text) or not path.value.strip():
        return argument
    return replace(argument, value=replace(path, value=str(PurePosixPath(folder, path.value))))
