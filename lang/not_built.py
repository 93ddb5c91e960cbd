"""What belongs to the language but not to this version: recognised, so that it is refused by name and not as a typo."""

from collections.abc import Sequence

from .diagnostics import Diagnostic, Label, Span
from .scanner import ScannedToken


def not_built(construct: str, span: Span, help: str = "") -> Diagnostic:
    """`construct` is part of the language but not built yet."""
    return Diagnostic("CS010", f"{construct} is part of the language but not built yet", Label(span), help=help)


def recognise(tokens: Sequence[ScannedToken], at: int) -> Diagnostic | None:
    """Whether the token that the grammar stumbled over belongs to something that is not built."""
    for index in (at - 1, at - 2):  # an equation may end in a variable `the`, and the next one begin: `in` then tells
        following = [token.text for token in tokens[index + 2 : index + 3]]
        if index >= 0 and tokens[index].text == "the" and following == ["in"]:
            help = "use `min(if ... then ... else ... for i in ...)`"
            return not_built("`the ... in ... where ...`", tokens[index].span, help)
    return None
