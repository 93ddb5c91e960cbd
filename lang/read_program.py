"""Text -> typed program: the two passes of `lang`, one after the other."""

from .diagnostics import Diagnostic, Source
from .files import Files
from .program import Program
from .syntax_to_program import check_program
from .text_to_syntax import parse_text


def read_program(source: Source, files: Files | None = None) -> tuple[Program | None, tuple[Diagnostic, ...]]:
    """The typed program of a file, None if anything is wrong in it; every diagnostic, by position.

    `files` reads what the spec imports and the data that it names; without it, there are no other files.
    """
    tree, syntax_errors = parse_text(source)
    program, faults = check_program(tree, source, files)
    diagnostics = sorted((*syntax_errors, *faults), key=lambda d: (d.label.span.start, d.label.span.end))
    return (None if syntax_errors else program), tuple(diagnostics)
