"""The plan that a stored result came from, compiled again from its spec, and the results that a spec still has."""

from typing import TYPE_CHECKING, cast, get_args

from ..compiler.pipeline import Checked, compile_spec
from ..lang.diagnostics import SpecError
from ..runtime.deciding.verdicts import Result
from ..runtime.results.result_document import read_result
from ..runtime.results.store import Store
from .find_result import FoundResult, ResultProblem
from .workflow import check

if TYPE_CHECKING:
    from ..compiler.plan import EngineName, Plan


def recompile(checked: Checked, found: FoundResult) -> "Plan":
    """The plan of a spec for the engines of one of its results.

    Raises:
        SpecError: a claim measures what cannot be run.
        ResultProblem: the result is of another plan.
    """
    from ..compiler.plan import EngineName

    ran = found.result.environment
    for engine in (ran.engine, ran.fitted_by or ran.engine):
        if engine not in get_args(EngineName):
            raise stale(found.path.name, f"the engine `{engine}` is unknown")
    plan = compile_spec(checked, cast(EngineName, ran.engine), cast("EngineName | None", ran.fitted_by))
    if plan.key != found.result.plan:
        raise stale(found.path.name, f"expected the plan {found.result.plan[:16]}, found {plan.key[:16]}")
    return plan


def why_stale(found: FoundResult) -> str:
    """Why a spec's newest result is not of the spec as it stands; "" where it is, or where that may not be asked."""
    try:
        recompile(check(found.spec), found)
    except OSError as problem:
        return f"the spec cannot be read: {problem.strerror}"
    except SpecError as problem:
        errors = dict.fromkeys(d.code for d in problem.diagnostics if d.severity == "error")
        return "" if "CS501" in errors else f"it cannot be run ({', '.join(errors)})"
    except ResultProblem:
        return "the spec, its weights or the versions that run it have changed"
    return ""


def find_current(checked: Checked, store: Store) -> Result | None:
    """The newest result of a spec as it stands that can be run, whatever engines made it; None where there is none."""
    from ..compiler.plan import EngineName

    known = get_args(EngineName)
    keys: dict[tuple[str, str], str] = {}
    for path in store.results(checked.source.path.stem):
        result = read_result(path)
        if result is None:
            continue
        engine = result.environment.engine
        engines = (engine, result.environment.fitted_by or engine)
        if any(each not in known for each in engines):
            continue
        if engines not in keys:
            keys[engines] = compile_spec(checked, *cast("tuple[EngineName, EngineName]", engines)).key
        if keys[engines] == result.plan:
            return result
    return None


def stale(name: str, why: str) -> ResultProblem:
    """A result of another spec than it is held against."""
    help = "run `cspec verify` again: the spec, its weights or the versions that run it are not those of the result"
    return ResultProblem("CS459", f"the result `{name}` does not match its spec: {why}", help)
