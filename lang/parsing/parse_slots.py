"""The parse tree of a declaration -> the same tree with the slots of its texts parsed, each from its own place."""

from collections.abc import Callable, Iterator

from ..diagnostics import Diagnostic, Label, Span
from ..tree_to_syntax.faults import BrokenSyntaxError
from ..tree_to_syntax.leaves import unescape
from .parse_tree import Tree

_BRACES = "a slot is written in braces, `{x}`; a brace itself is written twice, `{{` or `}}`"


def parse_slots(tree: Tree, parse: Callable[[int, int], Tree | None]) -> None:
    """Replace the token of every `template` in the tree by its parts: plain texts and the trees of its slots.

    `parse` reads what stands between the braces of a slot from its start and end in the file; None if it cannot.

    Raises:
        BrokenSyntaxError: braces that do not match, or a slot that cannot be read.
    """
    for node in tree.trees():
        if node.data == "template":
            (token,) = node.children
            node.children = [token, *_parts(str(token), token.start_pos, parse)]


def _parts(written: str, start: int, parse: Callable[[int, int], Tree | None]) -> Iterator[str | Tree]:
    """Plain texts and slots between the quotation marks of `written`, which stands at `start`."""
    plain: list[str] = []
    at, end = 1, len(written) - 1
    while at < end:
        here = written[at]
        if here == "\\":
            plain.append(unescape(written[at : at + 2]))
            at += 2
        elif here in "{}" and written[at : at + 2] == 2 * here and at + 1 < end:
            plain.append(here)
            at += 2
        elif here == "{":
            close = _closing(written, at, end, start)
            if plain:
                yield "".join(plain)
                plain = []
            yield _slot(written, at, close, start, parse)
            at = close + 1
        elif here == "}":
            raise _broken("CS181", "`}` closes no slot", Span(start + at, start + at + 1), _BRACES)
        else:
            plain.append(here)
            at += 1
    if plain:
        yield "".join(plain)


def _closing(written: str, opening: int, end: int, start: int) -> int:
    """Where the slot that opens at `opening` closes; a slot may hold a set, `{x in {1, 2}}`."""
    depth = 0
    for at in range(opening, end):
        depth += {"{": 1, "}": -1}.get(written[at], 0)
        if depth == 0:
            return at
    raise _broken("CS181", "the slot is never closed", Span(start + opening, start + opening + 1), _BRACES)


def _slot(written: str, opening: int, close: int, start: int, parse: Callable[[int, int], Tree | None]) -> Tree:
    span = Span(start + opening, start + close + 1)
    if (found := parse(span.start + 1, span.end - 1)) is None:
        raise _broken(
            "CS180",
            f"the slot `{written[opening : close + 1]}` cannot be read" if close > opening + 1 else "the slot is empty",
            span,
            "a slot is `{x}`, an expression `{x + 1}`, padded `{x:02}`, or named `{x + 1 as next}`; a brace itself is "
            "written twice, `{{`",
        )
    return found


def _broken(code: str, message: str, span: Span, help: str) -> BrokenSyntaxError:
    return BrokenSyntaxError(Diagnostic(code, message, Label(span), help=help))
