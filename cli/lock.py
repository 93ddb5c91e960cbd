"""`cspec lock`: fix a spec's criteria before its results are known."""

import argparse
import sys
from pathlib import Path
from typing import Any

from ..compiler.pipeline import compile_spec
from ..lang.diagnostics import SpecError
from .output import Output, add_common
from .page import open_page
from .workflow import check, no_claims, open_store
from .write_whole import write_whole

DESCRIPTION = """\
Write NAME.cspec.lock beside the spec: the hash of everything that decides its verdicts (claims, thresholds, seeds,
items, sites, maps, budgets, weights), section by section. Comments, layout and names that no number depends on do not
count. `cspec verify --locked` refuses a spec that no longer matches, and every result says whether its criterion was
locked. A lock that fits is left as it is; one that differs is only replaced with --update."""


def add_arguments(commands: "argparse._SubParsersAction[Any]") -> None:
    """Declare the command."""
    parser = commands.add_parser("lock", help="fix a spec's criteria before its results", description=DESCRIPTION)
    add_common(parser)
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="write nothing; exit 2 where the lock does not fit the spec")
    mode.add_argument("--update", action="store_true", help="replace a lock that differs or cannot be used")
    parser.add_argument("--store", metavar="FOLDER", help="where results are kept (default: .cspec beside the spec)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, output: Output) -> int:
    """0 where the lock beside the spec fits, or was written."""
    checked = check(options.spec, allow_path=options.allow_path)
    output.show(checked.source, checked.warnings)
    if not checked.program.claims:
        raise SpecError(checked.source, (no_claims(checked.source, "lock"),))
    from ..compiler.locking.lock import lock_spec
    from ..compiler.locking.lock_document import lock_document, lock_table, render_lock
    from ..runtime.results.known_results import knows_results
    from .lock_standing import describe_lock, find_standing, lock_path

    standing = find_standing(checked)
    path, document, problem = lock_path(checked.source.path), standing.document, standing.problem
    if problem is not None and (options.check or not (problem.code == "CS450" or options.update)):
        raise SpecError(checked.source, (problem,))
    if document is not None and problem is None:
        said = "fits the spec" if options.check else "fits the spec, left as it is"
    else:
        known = knows_results(compile_spec(checked), open_store(checked.source.path, options.store))
        document = lock_document(lock_spec(checked), after_results=known)
        _write(path, render_lock(document))
        said = "written"
    output.write(f"{path.name}: {said}; {describe_lock(document)}\n")
    if problem is not None:  # the lock before this one was another
        page = open_page(sys.stdout)
        output.write("".join(f"{line}\n" for note in problem.notes for line in page.wrap(note, 2)))
    output.add("lock", lock_table(document))
    output.add("files", [str(path)])
    return 0


def _write(path: Path, text: str) -> None:
    from ..runtime.errors import EnvironmentProblem

    try:
        write_whole(path, text.encode())
    except OSError as problem:
        raise EnvironmentProblem("CS522", f"`{path.name}` cannot be written: {problem.strerror}") from None
