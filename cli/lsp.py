"""`cspec lsp`: the language server, on stdin and stdout."""

import argparse
from typing import TYPE_CHECKING, Any

from ..lang.diagnostics import Diagnostic, Label, Source, Span, SpecError
from .output import ENVIRONMENT, Output

if TYPE_CHECKING:
    from ..lang.server.analysis import Check

DESCRIPTION = """\
Serve an editor: diagnostics while typing, hover, definitions, completion, renaming, formatting and quick fixes. It
speaks the Language Server Protocol on stdin and stdout, and needs the extra `cspec[lsp]`."""


def add_arguments(commands: "argparse._SubParsersAction[Any]") -> None:
    """Declare the command."""
    parser = commands.add_parser("lsp", help="serve an editor", description=DESCRIPTION)
    parser.add_argument("--allow-path", action="store_true", help="permit checkpoints above the spec's folder")
    parser.add_argument("--stdio", action="store_true", help="accepted for editors that pass it; there is no other way")
    parser.set_defaults(run=run, spec="", format="text")


def run(options: argparse.Namespace, output: Output) -> int:
    """0 when the editor says that it is done."""
    try:
        from ..lang.server.serve import build_server
    except ImportError as missing:
        output.plain("CS032", f"`cspec lsp` needs {missing.name}", "install it with `pip install 'cspec[lsp]'`")
        return ENVIRONMENT
    from importlib.metadata import version

    from ..compiler.read_files import FolderFiles

    allow_path = options.allow_path
    build_server(build_check(allow_path), lambda folder: FolderFiles(folder, allow_path), version("cspec")).start_io()
    return 0


def build_check(allow_path: bool) -> "Check":
    """A check for the server; it keeps the items that were drawn last, as most edits change none."""
    from ..compiler.pipeline import check_spec
    from ..compiler.sampling.populations import Populations
    from ..lang.server.analysis import Checked

    populations = Populations()

    def check(source: Source) -> Checked:
        """What an editor shows of a text; a bug of ours is shown at its top."""
        nonlocal populations
        try:
            checked = check_spec(source, allow_path, populations)
        except SpecError as problem:
            return Checked(None, problem.diagnostics)
        except Exception as bug:
            message = f"this is a bug in cspec: {type(bug).__name__}: {bug}"
            return Checked(None, (Diagnostic("CS900", message, Label(Span(0, 0)), help="please report it"),))
        populations = checked.populations
        return Checked(checked.program, checked.warnings)

    return check
