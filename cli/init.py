"""`cspec init`: a commented spec to start from, and the small network that it is about."""

import argparse
from pathlib import Path
from typing import Any

from .output import USAGE, Output, add_json
from .starter import SPEC_NAME, WEIGHTS_NAME, starter_spec, write_weights

DESCRIPTION = """\
Write a commented spec that verifies, with the small network that it is about, into FOLDER. Nothing is overwritten."""


def add_arguments(commands: "argparse._SubParsersAction[Any]") -> None:
    """Declare the command."""
    parser = commands.add_parser("init", help="write a spec to start from", description=DESCRIPTION)
    parser.add_argument("folder", metavar="FOLDER", nargs="?", default=".", help="where (default: the current folder)")
    add_json(parser)
    parser.set_defaults(run=run, spec="")


def run(options: argparse.Namespace, output: Output) -> int:
    """0 where both files were written."""
    from ..runtime.errors import EnvironmentProblem

    folder = Path(options.folder)
    spec, weights = folder / SPEC_NAME, folder / WEIGHTS_NAME
    for path in (spec, weights):
        if path.exists() or path.is_symlink():
            output.plain("CS031", f"`{path}` is there already", "choose another folder: `cspec init FOLDER`")
            return USAGE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_weights(weights)
        with spec.open("x", encoding="utf-8", newline="\n") as file:
            file.write(starter_spec())
    except OSError as problem:
        raise EnvironmentProblem("CS522", f"`{folder}` cannot be written: {problem.strerror or problem}") from None
    output.write(f"wrote {spec}\nwrote {weights}\nnext: cspec verify {spec}\n")
    output.add("files", [str(spec), str(weights)])
    return 0
