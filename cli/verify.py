"""`cspec verify`: run a spec's experiments and print the verdicts."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..compiler.pipeline import stop_unless_runnable
from ..lang.diagnostics import SpecError
from .engine_options import add_engine, chosen_engine
from .junit import open_report, xml_path
from .output import Output, add_common
from .workflow import check, lock_standing, no_claims, open_store
from .workflow import run as run_plan

if TYPE_CHECKING:
    from ..runtime.results.store import Store


def add_arguments(commands: "argparse._SubParsersAction[Any]") -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "verify",
        help="run a spec's experiments and print the verdicts",
        description="Check a spec, run its interchange interventions and fits on the network, and print a verdict for"
        " each claim, and every graph as measured. Results are kept, and nothing that is known already is run again.",
    )
    add_common(parser)
    parser.add_argument("--store", metavar="FOLDER", help="where results are kept (default: .cspec beside the spec)")
    add_engine(parser)
    parser.add_argument("--locked", action="store_true", help="refuse a spec that no lock fits (see `cspec lock`)")
    parser.add_argument(
        "--diagnose", action="store_true", help="of every claim that does not hold, say all that is known of where"
    )
    parser.add_argument(
        "--junit", metavar="PATH", type=xml_path, help="write what was found as JUnit XML, too, which CI systems show"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, output: Output) -> int:
    """The exit status of the verdicts; those that fell before an interruption are printed."""
    if options.junit is not None:
        output.report = open_report(options.junit, options.spec)
    checked = check(options.spec, allow_path=options.allow_path)
    output.show(checked.source, checked.warnings)
    if output.report is not None:
        from .junit_cases import expected_cases

        output.report.expect(expected_cases(checked))
    if not checked.program.claims and not checked.program.graphs:
        raise SpecError(checked.source, (no_claims(checked.source),))
    stop_unless_runnable(checked)
    engine = chosen_engine(options, checked, output)
    from ..runtime.deciding.verdicts import Result
    from ..runtime.results.result_document import result_table
    from .junit_cases import graph_case, verdict_case
    from .place_problems import placed_in
    from .render_verdicts import VerdictPrinter
    from .terminal import terminal_progress

    standing = lock_standing(checked, options.locked)
    store = open_store(checked.source.path, options.store)
    printer = VerdictPrinter(checked, output, options.diagnose)
    printer.header()
    with terminal_progress(sys.stderr, silent=output.format != "text") as progress:

        def decided(so_far: Result) -> None:
            output.add("result", result_table(so_far))
            if output.report is not None:
                output.report.decided(verdict_case(so_far.verdicts[-1], options.diagnose))
            with progress.paused():
                printer.verdict(so_far.verdicts[-1])

        def measured(so_far: Result) -> None:
            output.add("result", result_table(so_far))
            if output.report is not None:
                output.report.decided(graph_case(so_far.graphs[-1]))
            with progress.paused():
                printer.graph(so_far.graphs[-1])

        with placed_in(checked), _saying_what_is_kept(store):
            result = run_plan(checked, standing, store, progress, decided, engine, options.fit_engine, measured)
    printer.footer(result)
    if store.closed:
        printer.say(f"the store `{store.folder}` was read only, nothing new is kept: {store.closed}")
    output.add("result", result_table(result))
    return result.exit_code


@contextmanager
def _saying_what_is_kept(store: "Store") -> Iterator[None]:
    """An interrupt within it says where a later run goes on from."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        if store.folder.exists() and not store.closed:
            interrupt.add_note(f"what was found is kept in `{store.folder}`: the same command goes on from there")
        raise
