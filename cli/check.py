"""`cspec check`: everything that can be said of a spec before any weights load."""

import argparse
from typing import Any

from .output import Output, add_common
from .workflow import check


def add_arguments(commands: "argparse._SubParsersAction[Any]") -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "check",
        help="check a spec; loads no weights",
        description="Check a spec: syntax, names, types, causal models, networks, and whether its items can be drawn.",
    )
    add_common(parser)
    parser.add_argument(
        "--format",
        choices=("text", "json", "github", "sarif"),
        default="text",
        help="how diagnostics are printed: for people, as one JSON document, as workflow commands of GitHub, as a log"
        " in SARIF 2.1.0 (default: text)",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, output: Output) -> int:
    """0 where there is no error."""
    checked = check(options.spec, allow_path=options.allow_path)
    output.show(checked.source, checked.warnings)
    claims = len(checked.program.claims)
    output.write(f"{options.spec}: ok, {claims} claim{'' if claims == 1 else 's'}\n")
    return 0
