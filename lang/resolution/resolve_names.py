"""Syntax tree -> what each name in it means.

The pass knows nodes by their fields, not by their classes: a field called `task` names a task, whatever node it is in,
and what is no reference (a component, a family of maps) is left alone. It reports nothing: that is the checker's.
"""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from ..diagnostics import Source, Span
from ..imports.qualified_names import qualified_end
from ..record import record
from ..syntax.domains import SetDomain
from ..syntax.leaves import Name
from ..syntax.models import Equation
from ..syntax.tasks import Group
from ..syntax.tree import SyntaxTree
from .declared import Declared, Occurrence, Resolution

FIELD_KINDS: dict[str, tuple[str, ...]] = {
    "task": ("task",),
    "model": ("model",),
    "network": ("network",),
    "alignment": ("align",),
    "over": ("pairs",),
    "metric": ("metric",),
    "domain": ("type",),
    "function": ("fn", "table"),
}
"""The kinds that a name in a field can be of; elsewhere it is searched among all that are known there."""

NO_REFERENCES = frozenset(
    ("loader", "kind", "wrapper", "component", "outcome", "reason", "key", "role", "word", "family", "reading")
)
"""Fields whose names are words of the language."""

WORDS = frozenset(("FamilySyntax", "Setting", "SettingsBlock", "SizesSyntax", "Attribute", "Argument"))
"""Nodes whose names are words of the language, or of a file that is read elsewhere."""


@record
class _Scope:
    """Names that are known in a place, by name; the outer scope is searched after them."""

    names: dict[str, Declared]
    outer: "_Scope | None" = None

    def find(self, name: str) -> Declared | None:
        scope: _Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.outer
        return None


def resolve_names(tree: SyntaxTree, source: Source) -> Resolution:
    """What is declared in a file and those that it imports, and every place where a name means one of these.

    `tree` is that of the whole source, its names settled: what clashes is called by its file, `tasks.equality`. Places
    are of the last word alone, without the file's name before it and the index behind it.
    """
    return _Resolver(tree, source).resolve()


class _Resolver:
    def __init__(self, tree: SyntaxTree, source: Source) -> None:
        self.tree = tree
        self.source = source
        self.declared: list[Declared] = []
        self.occurrences: dict[int, Occurrence] = {}
        self.file: dict[tuple[str, str], Declared] = {}
        self.owned: dict[str, dict[str, Declared]] = {}
        self.symbols: dict[str, Declared] = {}

    def resolve(self) -> Resolution:
        declarations = list(_declarations(self.tree.declarations))
        for node in declarations:
            self._declare_file(node)
        for node in declarations:
            self._declare_members(node)
        everything = _Scope({d.name: d for d in reversed(self.file.values())}, _Scope(self.symbols))
        for top in self.tree.declarations:
            self._visit(top, everything, "")
        return Resolution(
            tuple(sorted(self.declared, key=lambda d: d.span.start)),
            tuple(o for _, o in sorted(self.occurrences.items())),
        )

    # --- declarations

    def _declare_file(self, node: Any) -> None:
        name = _name(getattr(node, "name", None))
        if name is not None:
            declared = self._declare(keyword_of(node), name, node, "")
            self.file.setdefault((declared.kind, declared.name), declared)

    def _declare_members(self, node: Any) -> None:
        """What lies within a declaration, before anything is looked up; outputs are the task's, not its models'."""
        name = _name(getattr(node, "name", None))
        owner = name.text if name is not None else ""
        known = dict(self.owned.get(_text(getattr(node, "task", None)), {})) if keyword_of(node) == "model" else {}
        for kind, member, within in _members(node, ""):
            if isinstance(within, SetDomain):
                self.symbols.setdefault(member.text, self._declare("symbol", member, within, owner))
            elif member.text in known:
                self._occur(member, known[member.text])
            else:
                known[member.text] = self._declare(kind, member, within, owner)
        key = owner if keyword_of(node) != "model" else f"model {owner}"
        self.owned[key] = known

    def _declare(self, kind: str, name: Name, node: Any, owner: str) -> Declared:
        declared = Declared(kind, name.text, self._span(name), owner, node.span, node)
        self.declared.append(declared)
        self._occur(name, declared)
        return declared

    def _occur(self, name: Name, declared: Declared) -> None:
        self.occurrences.setdefault(name.span.start, Occurrence(self._span(name), declared))

    def _span(self, name: Name) -> Span:
        """Of the word alone, without a file's name before it and an index behind it."""
        start, text = name.span.start, self.source.text
        part = self.source.part_at(start)
        start += qualified_end(text[start : name.span.end], [alias for alias, _ in part.imports])
        settled = not text.startswith(name.text, start) and name.text.partition(".")[2]
        word = settled if settled and text.startswith(settled, start) else name.text
        return Span(start, start + len(word))

    # --- references

    def _visit(self, node: Any, scope: _Scope, field: str) -> None:
        if isinstance(node, Name):
            self._refer(node, scope, field)
            self._visit(node.index, scope, "index")
        elif isinstance(node, tuple):
            for item in node:
                self._visit(item, scope, field)
        elif is_dataclass(node):
            self._visit_fields(node, self._scope_within(node, scope))

    def _visit_fields(self, node: Any, scope: _Scope) -> None:
        owner = type(node).__name__
        if owner in WORDS:
            inner = [part.name for part in fields(node) if part.name not in ("name", "key", "span")]
        else:
            inner = [part.name for part in fields(node) if part.name not in NO_REFERENCES]
        target = self._alignment_of(node, scope)
        for name in inner:
            value = getattr(node, name)
            aligned = target is not None and name in ("members", "reader", "variable")
            self._visit(value, target if aligned and target is not None else scope, name)

    def _scope_within(self, node: Any, scope: _Scope) -> _Scope:
        """The names that a node adds for what is in it: of its task, its model, or its loops."""
        for reference in ("task", "model"):
            owner = _text(getattr(node, reference, None))
            if owner and hasattr(node, "name"):
                scope = self._task_scope(node, owner, reference, scope)
        if keyword_of(node) == "task":
            scope = _Scope(self.owned.get(_text(node.name), {}), scope)
        loops = [node, *(loop for loop in getattr(node, "loops", ()))]
        names = [("loop variable", _name(getattr(loop, "variable", None))) for loop in loops if hasattr(loop, "domain")]
        names += [("parameter", _name(parameter)) for parameter in getattr(node, "parameters", ()) or ()]
        local = {}
        for kind, name in names:
            if name is None:
                continue
            known = self.occurrences.get(name.span.start)
            local[name.text] = known.declared if known else self._declare(kind, name, node, "")
        return _Scope(local, scope) if local else scope

    def _task_scope(self, node: Any, owner: str, reference: str, scope: _Scope) -> _Scope:
        if reference == "model":
            return self._model_scope(owner, scope)
        scope = _Scope(self.owned.get(owner, {}), scope)
        if keyword_of(node) == "model":
            return _Scope(self.owned.get(f"model {_text(node.name)}", {}), scope)
        models = [d for d in self.file.values() if d.kind == "model" and _text(getattr(d.node, "task", None)) == owner]
        for model in models:  # a recipe's conditions read the variables of the task's models
            scope = _Scope({**self.owned.get(f"model {model.name}", {}), **self.owned.get(owner, {})}, scope)
        return scope

    def _model_scope(self, model: str, outer: _Scope) -> _Scope:
        declared = self.file.get(("model", model))
        task = _text(getattr(declared.node, "task", None)) if declared is not None else ""
        return _Scope(self.owned.get(f"model {model}", {}), _Scope(self.owned.get(task, {}), outer))

    def _alignment_of(self, node: Any, scope: _Scope) -> _Scope | None:
        """The variables of the alignment that a node names, for what follows its point."""
        name = _name(getattr(node, "alignment", None)) or (
            _name(getattr(node, "name", None)) if hasattr(node, "members") else None
        )
        declared = self.file.get(("align", name.text)) if name is not None else None
        return self._model_scope(_text(declared.node.model), scope) if declared is not None else None

    def _refer(self, name: Name, scope: _Scope, field: str) -> None:
        if name.span.start in self.occurrences:
            return
        kinds = FIELD_KINDS.get(field)
        if kinds is None:
            found = scope.find(name.text)
        else:
            found = next((self.file[kind, name.text] for kind in kinds if (kind, name.text) in self.file), None)
        if found is not None:
            self._occur(name, found)


def keyword_of(node: Any) -> str:
    """The word that opens a declaration, from the name of its class."""
    word = type(node).__name__.removesuffix("Syntax").lower()
    return "fn" if word == "function" else word


def _declarations(nodes: tuple[Any, ...]) -> Iterator[Any]:
    """The declarations among some nodes, in loops or not."""
    for node in nodes:
        if hasattr(node, "body") and hasattr(node, "variable"):
            yield from _declarations(node.body)
        else:
            yield node


def _members(node: Any, kind: str) -> Iterator[tuple[str, Name, Any]]:
    """Names that are declared within a declaration: kind, name, and the node that declares it."""
    if isinstance(node, tuple):
        for item in node:
            yield from _members(item, kind)
        return
    if not is_dataclass(node) or isinstance(node, Name):
        return
    if isinstance(node, Equation):
        yield "variable", node.name, node
    elif isinstance(node, Group):
        for declared in node.names:
            yield kind, declared.name, node
        yield from _members(node.domain, kind)
        return
    elif isinstance(node, SetDomain):
        for symbol in node.symbols:
            if isinstance(symbol, Name):
                yield "symbol", symbol, node
        return
    elif keyword_of(node) in ("metric", "node"):
        name = _name(getattr(node, "name", None))
        if name is not None:
            yield keyword_of(node), name, node
    for part in fields(node):
        inner = {"inputs": "input", "outputs": "output"}.get(part.name, kind)
        yield from _members(getattr(node, part.name), inner)


def _name(value: Any) -> Name | None:
    """A name, or that of a member."""
    if isinstance(value, Name):
        return value
    return value.name if isinstance(getattr(value, "name", None), Name) else None


def _text(value: Any) -> str:
    name = _name(value)
    return name.text if name is not None else ""
