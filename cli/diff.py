"""`cspec diff`: what changed between two results."""

import argparse
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..lang.codes import CODES
from .output import Output, add_json

if TYPE_CHECKING:
    from ..runtime.results.store import Store
    from ..runtime.scoring.item_scores import ItemScores

DESCRIPTION = """\
Compare two stored results: which verdicts changed, by how much each estimand moved, which bounds are not the same, and
which edges of measured graphs appeared, vanished or moved. Where both measured the same items the difference is paired,
item by item. A result is a JSON file in .cspec/results, a spec (its newest result), or SPEC@KEY with the first digits
of a plan's key. Exit status: 0 no verdict and no edge changed; 1 a claim of both has another outcome, reason or grade,
or an edge of both surely stands out otherwise; 3 none does, but an edge may; 2 nothing can be compared; 64 a result
cannot be read."""


def add_arguments(commands: "argparse._SubParsersAction[Any]") -> None:
    """Declare the command. The first result stands where other commands have their spec."""
    parser = commands.add_parser("diff", help="compare two results", description=DESCRIPTION)
    parser.add_argument("spec", metavar="BEFORE", help="the earlier result")
    parser.add_argument("after", metavar="AFTER", help="the later result")
    parser.add_argument("--store", metavar="FOLDER", help="where results are kept (default: .cspec beside the spec)")
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, output: Output) -> int:
    """0 where every claim and every edge of both stands as before, 1 where one does not, 3 where that is open."""
    from .find_result import ResultProblem

    try:
        return _compare(options, output)
    except ResultProblem as problem:
        output.plain(problem.code, problem.message, problem.help)
        return CODES[problem.code].exit


def _compare(options: argparse.Namespace, output: Output) -> int:
    from ..runtime.results.compare_results import NothingToCompareError, compare_results
    from .find_result import ResultProblem, find_result
    from .page import open_page
    from .recompile import why_stale
    from .render_diff import render_diff

    before, after = find_result(options.spec, options.store), find_result(options.after, options.store)
    for word, found in dict(zip((options.spec, options.after), (before, after), strict=True)).items():
        if Path(word) == found.spec and (why := why_stale(found)):
            message = f"the newest result of `{word}` is not of the spec as it stands: {why}"
            output.plain("CS459", message, "run `cspec verify` to compare it as it is now", "warning")

    def scores(key: str) -> "ItemScores | None":
        """A key means the same scores in every store: a result may be kept apart from the one that it came from."""
        found = _read_scores(before.store, key)
        return found if found is not None else _read_scores(after.store, key)

    try:
        diff = compare_results(before.result, after.result, scores, scores)
    except NothingToCompareError as problem:
        message = f"expected two results of the same claims: {problem}"
        raise ResultProblem("CS456", message, "compare results of one spec, under other weights for instance") from None
    output.write(render_diff(diff, before.path.name, after.path.name, open_page(sys.stdout)))
    output.add("diff", asdict(diff))
    output.add("files", [str(before.path), str(after.path)])
    return diff.exit_code


def _read_scores(store: "Store", key: str) -> "ItemScores | None":
    """Only here is torch loaded: whole domains are compared without it."""
    from ..runtime.scoring.score_chunks import read_stored

    return read_stored(store, key)
