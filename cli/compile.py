"""`cspec compile`: the stages between a spec and its experiments, printed; or a script that repeats one of these."""

import argparse
import sys
from typing import Any

from ..compiler.pipeline import compile_spec
from .output import Output, add_common
from .page import open_page
from .workflow import check


def add_arguments(commands: "argparse._SubParsersAction[Any]") -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "compile",
        help="print the counterfactual terms or the plan of a spec, or a script for pyvene",
        description="Compile a spec without running it, and print a stage: the counterfactual terms that its estimands"
        " lower to, or the plan of content-keyed steps. Of a spec that was verified, `--emit pyvene` writes a Python"
        " script that repeats a claim's first interchange with pyvene alone.",
    )
    add_common(parser)
    parser.add_argument("--emit", choices=("terms", "plan", "pyvene"), default="plan", help="what (default: plan)")
    parser.add_argument("--claim", metavar="NAME", help="pyvene: the claim (default: the first that interchanges)")
    parser.add_argument("-o", "--out", metavar="FILE", help="pyvene: write the script there, and its tensors beside it")
    parser.add_argument("--store", metavar="FOLDER", help="pyvene: where results are kept (default: .cspec)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, output: Output) -> int:
    """0 where the spec compiles."""
    checked = check(options.spec, allow_path=options.allow_path)
    output.show(checked.source, checked.warnings)
    if options.emit == "pyvene":
        from .emit_pyvene import emit_pyvene

        return emit_pyvene(checked, options, output)
    if options.emit == "terms":
        from ..compiler.lowering.lower_terms import lower_terms
        from ..compiler.terms.render_terms import render

        table: dict[str, list[str]] = {}
        for claim in checked.program.claims.values():
            lowered = lower_terms(checked.program, checked.models, claim)
            table[claim.name] = [f"{text} = {render(term)}" for text, term in lowered]
            output.write(f"claim {claim.name}: {claim.text}\n")
            for text, term in lowered:
                output.write(f"  {text} =\n    {render(term, indent=4)}\n")
            output.write("\n")
        output.add("terms", table)
        return 0
    from ..compiler.pricing import plan_table, render_plan

    plan = compile_spec(checked)
    output.write(render_plan(plan, width=open_page(sys.stdout).width))
    output.add("plan", plan_table(plan))
    return 0
