"""A text as an editor has it, right or half-typed -> all that is known of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from ..diagnostics import Diagnostic, Source
from ..program import Program
from ..resolution.declared import Resolution
from ..resolution.resolve_names import resolve_names
from ..scanner import ScannedToken, scan
from ..syntax.tree import SyntaxTree
from ..text_to_syntax import parse_text


@dataclass(frozen=True)
class Checked:
    """What a check of a text says: the typed program where there is one, and every diagnostic."""

    program: Program | None
    diagnostics: tuple[Diagnostic, ...]


Check = Callable[[Source], Checked]


@dataclass(frozen=True)
class Analysis:
    """A text with its tokens, tree and names; `checked` is the newest check, perhaps of a text before this one."""

    source: Source
    tokens: tuple[ScannedToken, ...]
    tree: SyntaxTree
    syntax_errors: tuple[Diagnostic, ...]
    resolution: Resolution
    checked: Checked | None = None

    @property
    def text(self) -> str:
        return self.source.text

    @property
    def is_whole(self) -> bool:
        """Whether every declaration can be read."""
        return not self.syntax_errors

    def with_check(self, checked: Checked) -> "Analysis":
        """The same with a newer check; its program stays where the new one has none."""
        if checked.program is None and self.checked is not None:
            checked = Checked(self.checked.program, checked.diagnostics)
        return replace(self, checked=checked)


def analyse(source: Source) -> Analysis:
    """Everything but the check, which takes longer."""
    tree, errors = parse_text(source)
    return Analysis(source, tuple(scan(source.text)), tree, errors, resolve_names(tree))
