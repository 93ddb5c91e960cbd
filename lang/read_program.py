"""Text -> typed program: the two passes of `lang`, one after the other."""

from .checks.size import check_size
from .diagnostics import Diagnostic, Source
from .files import Files, NoFiles
from .imports.read_imports import read_imports
from .imports.settle_names import settle_names
from .program import Program
from .syntax_to_program import check_program
from .text_to_syntax import parse_text


def read_program(source: Source, files: Files | None = None) -> tuple[Program | None, tuple[Diagnostic, ...]]:
    """The typed program of a file, None if anything is wrong in it; every diagnostic, by position.

    `files` reads what the spec imports and the data that it names; without it, there are no other files.
    """
    whole, import_errors = read_imports(source, files or NoFiles())
    if too_long := check_size(whole):
        return None, too_long
    tree, syntax_errors = parse_text(whole)
    tree, name_errors = settle_names(tree, whole)
    program, faults = check_program(tree, whole, files)
    errors = (*import_errors, *syntax_errors, *name_errors)
    diagnostics = sorted((*errors, *faults), key=lambda d: (d.label.span.start, d.label.span.end))
    return (None if errors else program), tuple(diagnostics)
