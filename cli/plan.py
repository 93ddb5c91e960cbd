"""`cspec plan`: what a verification would run, what it costs, and what the store has of it."""

import argparse
import sys
from typing import Any

from ..compiler.pipeline import compile_spec
from .engine_options import add_engine, chosen_engine
from .output import Output, add_common
from .page import open_page
from .workflow import check, open_store


def add_arguments(commands: "argparse._SubParsersAction[Any]") -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "plan",
        help="print what a verification would run, its cost, and what the store has of it",
        description="Compile a spec and print its steps, what the store has of each, and what is left to run: the"
        " passes through networks, their operations, and the memory that they need. Loads no weights and runs nothing.",
    )
    add_common(parser)
    parser.add_argument("--store", metavar="FOLDER", help="where results are kept (default: .cspec beside the spec)")
    add_engine(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, output: Output) -> int:
    """0 where the spec compiles."""
    checked = check(options.spec, allow_path=options.allow_path)
    output.show(checked.source, checked.warnings)
    plan = compile_spec(checked, chosen_engine(options, checked, output), options.fit_engine)
    from ..compiler.pricing import plan_table, render_plan
    from ..runtime.results.stored_steps import find_replies, find_stored

    store = open_store(checked.source.path, options.store)
    stored, replied = find_stored(plan, store), find_replies(plan, store)
    output.write(render_plan(plan, stored, open_page(sys.stdout).width, replied))
    output.add("plan", plan_table(plan, stored, replied))
    return 0
