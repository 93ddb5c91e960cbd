"""`cspec replay`: run one counterexample of a result again."""

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ..lang.codes import CODES
from .output import Output, add_json
from .workflow import check

if TYPE_CHECKING:
    from ..compiler.plan import Plan
    from .find_result import FoundResult

DESCRIPTION = """\
Run one counterexample of a result again, from scratch: its base, its sources and its interchange, in the causal model
and in the network, with the map that the store keeps. RESULT is a JSON file in .cspec/results, a spec (its newest
result), or SPEC@KEY; NUMBER is the counterexample's, as `cspec verify --diagnose` prints it. Exit status: 0 it comes
out as the result says; 1 it does not; 2 the spec has changed; 4 its map is missing; 64 there is no such counterexample
or result."""


def add_arguments(commands: "argparse._SubParsersAction[Any]") -> None:
    """Declare the command. The counterexample stands where other commands have their spec."""
    parser = commands.add_parser("replay", help="run a counterexample of a result again", description=DESCRIPTION)
    parser.add_argument("spec", metavar="RESULT#NUMBER", type=_check_target, help="the counterexample")
    parser.add_argument(
        "--spec", dest="beside", metavar="FILE", help="the spec (default: in the folder that holds the result's store)"
    )
    parser.add_argument("--store", metavar="FOLDER", help="where results are kept (default: .cspec beside the spec)")
    add_json(parser)
    parser.add_argument("--allow-path", action="store_true", help="permit checkpoints above the spec's folder")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, output: Output) -> int:
    """0 where the counterexample comes out as the result says, else 1."""
    from .find_result import ResultProblem

    try:
        return _replay(options, output)
    except ResultProblem as problem:
        output.plain(problem.code, problem.message, problem.help)
        return CODES[problem.code].exit


def _replay(options: argparse.Namespace, output: Output) -> int:
    from ..runtime.diagnosis.replay import StaleResultError, count_recorded, find_recorded, replay_counterexample
    from .find_result import ResultProblem, find_result
    from .recompile import stale
    from .render_replay import render_replay

    word, _, digits = options.spec.rpartition("#")
    number = int(digits)
    found = find_result(word, options.store)
    recorded = find_recorded(found.result, number)
    if recorded is None:
        count = count_recorded(found.result)
        has = f"1 to {count}" if count else "none"
        help = "only claims that do not hold have them; `cspec verify --diagnose` lists them"
        raise ResultProblem("CS458", f"expected a counterexample of `{word}`, which has {has}, found #{number}", help)
    plan = _plan(options, output, found)
    try:
        replay = replay_counterexample(plan, found.store, recorded)
    except StaleResultError as problem:
        raise stale(word, str(problem)) from None
    output.write(render_replay(replay, found.path.name))
    output.add("replay", asdict(replay) | {"reproduces": replay.reproduces})
    output.add("files", [str(found.path)])
    return 0 if replay.reproduces else 1


def _plan(options: argparse.Namespace, output: Output, found: "FoundResult") -> "Plan":
    """The plan that the result came from, compiled again."""
    from .find_result import ResultProblem
    from .recompile import recompile

    spec = options.beside or found.spec
    try:
        checked = check(spec, allow_path=options.allow_path)
    except OSError as problem:
        help = "name the spec of the result with `--spec`"
        raise ResultProblem("CS003", f"the spec `{spec}` cannot be read: {problem.strerror}", help) from None
    output.show(checked.source, checked.warnings)
    return recompile(checked, found)


def _check_target(text: str) -> str:
    """`RESULT#NUMBER`."""
    word, _, number = text.rpartition("#")
    if not word or not number.isdecimal():
        raise argparse.ArgumentTypeError(f"expected RESULT#NUMBER, found `{text}`")
    return text
