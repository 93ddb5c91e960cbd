"""What parses and yet has no syntax node: the exceptions that stop a declaration, and their diagnostics."""

from typing import Any

from ..diagnostics import Diagnostic, Label, Span
from ..parsing.scanner import MAX_NESTING
from ..syntax.domains import NamedDomain
from .between_rules import ElementRange, ElementSet, Relator

LONGEST_REWRITING = 60
"""Characters of a rewritten comparison that a help still quotes."""


class BrokenSyntaxError(Exception):
    """The declaration parses, yet says something that has no syntax node; carries the one diagnostic."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


class ChainedComparisonsError(Exception):
    """`a < b < c`: three operands and the two relators between them. Its diagnostic quotes the text."""

    def __init__(self, operands: tuple[Any, Any, Any], relators: tuple[Relator, Relator]) -> None:
        super().__init__("comparisons do not chain")
        self.operands = operands
        self.relators = relators


def explain_chain(chain: ChainedComparisonsError, text: str) -> Diagnostic:
    """The diagnostic of chained comparisons in `text`, with a rewriting where it is short."""
    first, second = chain.relators
    help = "put one of the comparisons in parentheses"
    if not any(isinstance(operand, ElementSet | ElementRange | NamedDomain) for operand in chain.operands):
        a, b, c = (" ".join(text[x.span.start : x.span.end].split()) for x in chain.operands)
        if len(a) + 2 * len(b) + len(c) <= LONGEST_REWRITING:
            help = f"write `{a} {first.text} {b} and {b} {second.text} {c}`"
    return Diagnostic(
        "CS009",
        "comparisons do not chain",
        Label(second.span, "a second comparison"),
        (Label(first.span, "the first one"),),
        help=help,
    )


def explain_nesting(span: Span) -> Diagnostic:
    """The diagnostic of what is nested deeper than `MAX_NESTING`."""
    return Diagnostic(
        "CS007",
        f"nested too deeply: more than {MAX_NESTING} levels",
        Label(span),
        help="name a part of it as a variable of its own",
    )


def explain_odd_index(name: str, span: Span) -> Diagnostic:
    """The diagnostic of a declaration's name with something else than one index."""
    return Diagnostic(
        "CS016",
        f"expected one index after `{name}`",
        Label(span),
        help=f"a name that a loop declares has one index: `{name}[0]`",
    )


def explain_repetition(words: str, again: Span, before: Span) -> Diagnostic:
    """The diagnostic of a clause that a claim gives twice."""
    return Diagnostic(
        "CS011",
        f"`{words}` is given twice",
        Label(again, "again here"),
        (Label(before, "first here"),),
        help="remove one of them",
    )
