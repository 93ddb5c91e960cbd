"""`cspec explain`: what a diagnostic code means, and what to do."""

import argparse
from typing import Any

from ..lang.codes import CODES
from ..lang.suggest import suggest
from .output import USAGE, Output, add_json

DESCRIPTION = """\
Explain a diagnostic code: what it means, a small example that has it, and what to do. Without a code, list them all."""


def add_arguments(commands: "argparse._SubParsersAction[Any]") -> None:
    """Declare the command."""
    parser = commands.add_parser("explain", help="explain a diagnostic code", description=DESCRIPTION)
    parser.add_argument("code", metavar="CODE", nargs="?", help="the code, such as CS101")
    add_json(parser)
    parser.set_defaults(run=run, spec="")


def run(options: argparse.Namespace, output: Output) -> int:
    """0 where the code is known."""
    if options.code is None:
        output.write("".join(f"{code}  {CODES[code].title}\n" for code in sorted(CODES)))
        output.add("codes", {code: CODES[code].title for code in sorted(CODES)})
        return 0
    code = options.code.upper()
    if code not in CODES:
        output.plain("CS030", f"expected a diagnostic code, found `{options.code}`", suggest(code, CODES, "codes"))
        return USAGE
    from ..lang.explanations.read_explanations import read_explanations

    explanation = read_explanations()[code]
    output.write(f"{code}: {CODES[code].title} (exit status {CODES[code].exit})\n\n{explanation.text}\n")
    if explanation.example:
        output.write("\n" + "".join(f"    {line}".rstrip() + "\n" for line in explanation.example.splitlines()))
    output.add("codes", {code: explanation.text})
    return 0
