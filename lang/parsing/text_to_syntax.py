"""Text -> syntax tree, and every syntax error of the file: one for each declaration that cannot be read."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from ..diagnostics import Diagnostic, Label, Source, Span
from ..imports.qualified_names import import_aliases, join_names
from ..syntax.expressions import Loop
from ..syntax.members import ForSyntax
from ..syntax.tree import BrokenDeclaration, Declaration, DeclarationLoop, SyntaxTree
from ..tree_to_syntax.build_declaration import build_declaration, build_loop_head
from ..tree_to_syntax.faults import BrokenSyntaxError
from .explain_syntax import explain_assignment, explain_open_loop, explain_unexpected, refuse_in_loop
from .grammar_parser import UnexpectedTokenError, grammar_parser
from .parse_slots import parse_slots
from .parse_tree import Tree
from .scanner import (
    KEYWORDS,
    NOT_IN_LOOPS,
    Slice,
    closing_of,
    slice_declarations,
    slice_tokens,
)
from .token_faults import check_tokens, unknown_keyword


@lru_cache(maxsize=1)
def parse_text(source: Source) -> tuple[SyntaxTree, tuple[Diagnostic, ...]]:
    """The syntax tree of what can be read, and a diagnostic for each declaration that cannot."""
    tree, diagnostics, _ = parse_with_trees(source)
    return tree, diagnostics


def parse_with_trees(
    source: Source,
) -> tuple[SyntaxTree, tuple[Diagnostic, ...], tuple[tuple[Slice, Tree], ...]]:
    """The same, and the parse tree of each declaration that parses; of a loop, of its head and of those within."""
    doc, slices = slice_declarations(source)
    found = _Found([], [], [])
    declarations = tuple(_parse_slices(slices, _joined(source, slices), found))
    diagnostics = found.diagnostics
    if not slices:
        diagnostics.append(
            Diagnostic(
                "CS012",
                "the file declares nothing",
                Label(Span(0, 0)),
                help="start with a `task`; `docs/language.md` has an example",
            )
        )
    return SyntaxTree(doc, declarations, tuple(found.broken)), tuple(diagnostics), tuple(found.trees)


def _joined(source: Source, slices: tuple[Slice, ...]) -> str:
    """The text with each file's qualified names as one word."""
    text, starts = source.text, [part.tokens[0].start for part in slices]
    for file in source.parts or (source.part_at(0),):
        own = slices[bisect_left(starts, file.start) : bisect_left(starts, file.end)]
        if aliases := import_aliases(own):
            text = join_names(text, [token for part in own for token in part.tokens], (name for name, _ in aliases))
    return text


@dataclass
class _Found:
    """What is wrong so far, the names that it would have declared, and the parse trees of what parses."""

    diagnostics: list[Diagnostic]
    broken: list[BrokenDeclaration]
    trees: list[tuple[Slice, Tree]]


def _parse_slices(slices: tuple[Slice, ...], text: str, found: _Found) -> Iterator[Declaration | DeclarationLoop]:
    """Every declaration that can be read; of a loop, those within, so that one fault does not hide the others."""
    for part in slices:
        result: Declaration | DeclarationLoop | Diagnostic
        result = _parse_loop(part, text, found) if part.keyword == "for" else _parse_slice(part, text, found)
        if isinstance(result, Diagnostic):
            found.diagnostics.append(result)
            found.broken.extend(_names_of(part))
        else:
            yield result


def _parse_loop(part: Slice, text: str, found: _Found) -> DeclarationLoop | Diagnostic:
    if (fault := check_tokens(part.tokens, text)) is not None:
        return fault
    opening = next((i for i, token in enumerate(part.tokens) if token.text == "{"), len(part.tokens))
    head = Slice("", part.tokens[:opening])
    loop = _parse_head(part, head, text, found)
    if isinstance(loop, Diagnostic):
        return loop
    if opening == len(part.tokens):
        return explain_open_loop(head)
    closing = closing_of(part.tokens, opening)
    if closing + 1 < len(part.tokens):
        return unknown_keyword(part.tokens[closing + 1])
    inner = slice_tokens(part.tokens[opening + 1 : closing], text)
    for slice_ in inner:
        if slice_.keyword in NOT_IN_LOOPS:
            return refuse_in_loop(slice_)
    body = tuple(_parse_slices(inner, text, found))
    return ForSyntax(loop.variable, loop.domain, body, part.span)


def _parse_head(part: Slice, head: Slice, text: str, found: _Found) -> Loop | Diagnostic:
    try:
        tree = grammar_parser().parse(text, head.span.start, head.span.end, "loop")
        found.trees.append((part, tree))
        return build_loop_head(tree)
    except BrokenSyntaxError as error:
        return error.diagnostic
    except UnexpectedTokenError as error:
        return explain_unexpected(head, error.offset, error.acceptable)


def _parse_slice(part: Slice, text: str, found: _Found) -> Declaration | Diagnostic:
    if part.keyword not in KEYWORDS:
        return explain_assignment(part) or unknown_keyword(part.tokens[0])
    if (fault := check_tokens(part.tokens, text)) is not None:
        return fault
    try:
        tree = grammar_parser().parse(text, part.span.start, part.span.end, "declaration")
        parse_slots(tree, lambda start, end: _parse_slot(text, start, end))
        found.trees.append((part, tree))
        return build_declaration(tree, text, part.doc)
    except BrokenSyntaxError as error:
        return error.diagnostic
    except UnexpectedTokenError as error:
        return explain_unexpected(part, error.offset, error.acceptable)


def _parse_slot(text: str, start: int, end: int) -> Tree | None:
    """The tree of what stands between the braces of a slot; None if it cannot be read."""
    try:
        return grammar_parser().parse(text, start, end, "slot_text")
    except UnexpectedTokenError:
        return None


def _names_of(part: Slice) -> Iterator[BrokenDeclaration]:
    """What a broken declaration would have declared: for a graph its nodes, too, for a loop all declarations in it."""
    loop = part.keyword == "for"
    for index, token in enumerate(part.tokens[:-1]):
        following = part.tokens[index + 1]
        if part.keyword in ("graph", "for") and token.text == "node" and following.kind == "word":
            yield BrokenDeclaration("node", following.text, token.span)
        known = token.text in KEYWORDS
        if index == 0 and following.text == "=":
            yield BrokenDeclaration("", token.text, token.span)
        elif (index == 0 or (loop and known and token.leads)) and following.kind == "word":
            yield BrokenDeclaration(token.text, following.text, token.span)
    if len(part.tokens) == 1:
        yield BrokenDeclaration(part.keyword, "", part.span)
