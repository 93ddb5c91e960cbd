"""`cspec check`: everything that can be said of a spec before any weights load."""

import argparse
from dataclasses import asdict
from typing import Any

from ..compiler.checks.models.check_definedness import find_undrawn
from ..compiler.checks.runnable.check_runnable import check_runnable, list_runnable
from ..compiler.pipeline import Checked
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
    parser.add_argument(
        "--tokens",
        action="store_true",
        help="print how each network's tokenizer cuts a prompt up, where slots are, and what answers are",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, output: Output) -> int:
    """0 where there is no error."""
    checked = check(options.spec, allow_path=options.allow_path)
    output.show(checked.source, checked.warnings)
    output.write(f"{options.spec}: ok, {_counted(checked)}\n")
    for left_out in checked.left_out:
        output.write(left_out.text + "\n")
    output.add("left_out", [asdict(left_out) for left_out in checked.left_out])
    undrawn = find_undrawn(checked.experiments, checked.populations)
    for estimand, undefined in undrawn:
        output.write(f"{estimand}: {undefined.text}\n")
    output.add("undrawn", [{"estimand": estimand, **asdict(undefined)} for estimand, undefined in undrawn])
    if waiting := _waiting(checked):
        output.write(waiting + "\n")
    if options.tokens:
        from .collect_tokens import collect_tokens
        from .show_tokens import show_tokens

        tokens = collect_tokens(checked.program, checked.networks)
        output.write(show_tokens(tokens))
        output.add("tokens", [asdict(each) for each in tokens])
    return 0


def _counted(checked: Checked) -> str:
    """The claims, and graphs where there are any."""
    claims, graphs = len(checked.program.claims), len(checked.program.graphs)
    said = f"{claims} claim{'' if claims == 1 else 's'}"
    return f"{said}, {graphs} graph{'' if graphs == 1 else 's'}" if graphs else said


def _waiting(checked: Checked) -> str:
    """How many claims no engine of this version runs, and the first reason; nothing where all run."""
    program = checked.program
    runnable = list_runnable(program, checked.networks)
    waiting = len(program.claims) - len(runnable.claims)
    unmeasured = [graph.name for graph in program.graphs.values() if graph not in runnable.graphs]
    if not waiting and unmeasured:
        first = check_runnable(program, checked.networks)[0]
        return f"cannot be measured yet: {', '.join(unmeasured)}, since {'; '.join(first.notes) or first.message}"
    if not waiting:
        return ""
    first = check_runnable(program, checked.networks)[0]
    line = checked.source.text.count("\n", 0, first.label.span.start) + 1
    which = "the claim" if len(program.claims) == 1 else f"{waiting} of {len(program.claims)} claims"
    return f"cannot run yet: {which}, since {first.message} (line {line})"
