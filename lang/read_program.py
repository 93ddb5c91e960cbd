"""Text -> typed program: the two passes of `lang`, one after the other."""

from .checks.size import check_size
from .diagnostics import Diagnostic, Source
from .files import Files, NoFiles
from .imports.read_imports import read_imports
from .imports.settle_names import settle_names
from .parsing.text_to_syntax import parse_text
from .program import Program
from .syntax_to_program import check_declarations


def read_program(source: Source, files: Files | None = None) -> tuple[Program | None, tuple[Diagnostic, ...]]:
    """The typed program of a file, None if anything is wrong in it; every diagnostic, by position.

    `files` reads what the spec imports and the data that it names; without it, there are no other files.
    """
    program, found = read_declarations(source, files)
    return None if any(diagnostic.severity == "error" for diagnostic in found) else program, found


def read_declarations(source: Source, files: Files | None = None) -> tuple[Program | None, tuple[Diagnostic, ...]]:
    """The same, where of a file with errors the program holds the declarations in which there is none.

    They may name others that it lacks. None where files are missing, or too long: then nothing is known.
    """
    whole, import_errors = read_imports(source, files or NoFiles())
    if too_long := check_size(whole):
        return None, too_long
    tree, syntax_errors = parse_text(whole)
    tree, name_errors = settle_names(tree, whole)
    program, faults = check_declarations(tree, whole, files)
    errors = (*import_errors, *syntax_errors, *name_errors)
    found = sorted((*errors, *faults), key=lambda d: (d.label.span.start, d.label.span.end))
    return None if import_errors else program, tuple(found)
