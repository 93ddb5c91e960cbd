"""Verify: run a plan to its verdicts and keep the result."""

import platform
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import torch

from ..compiler.plan import THREADS, Plan
from .deciding.verdicts import Docs, Environment, Result
from .engines.import_pyvene import check_pyvene
from .execute import Inline
from .progress import Progress, Silent
from .results.result_document import read_result, write_result
from .results.store import Store


def verify_plan(
    plan: Plan,
    spec: str,
    docs: Docs,
    seed: int,
    store: Store,
    progress: Progress | None = None,
    decided: Callable[[Result], None] = lambda result: None,
    lock: str | None = None,
    criterion: str = "not locked",
    measured: Callable[[Result], None] = lambda result: None,
) -> Result:
    """The verdicts of a plan's claims, and its graphs; the result is written to the store.

    `lock` is the hash of the lock that fixed the claims beforehand (None: there is none that fits), `criterion` says it
    in words.

    `decided` is told the result so far whenever a verdict falls, `measured` whenever a graph is measured. A run that is
    cut short loses none: what was decided is written too, marked as not complete, unless the store has a complete
    result of the same plan. With that result, a store that may only be read is enough: nothing is written then.

    Raises:
        EnvironmentProblem: a checkpoint, the store or an activation is broken, or the engine is not installed.
    """
    if "pyvene" in (plan.engine, plan.fitted_by):
        check_pyvene()
    store.open_for_writing(needed=not _is_known(store, spec, plan))
    torch.set_num_threads(THREADS)
    result = Result(
        spec.encode(errors="backslashreplace").decode(),  # a file's name may be no text
        docs.spec,
        plan.key,
        seed,
        plan.confidence,
        (),
        environment(plan),
        False,
        lock,
        criterion,
        docs.declarations,
    )

    def keep() -> None:
        store.save_result(Path(spec).stem, plan.key, write_result(result))

    try:
        inline = Inline(plan, store, progress or Silent())
        for verdict in inline.verdicts():
            result = replace(result, verdicts=(*result.verdicts, verdict))
            decided(result)
        for graph in inline.graphs():
            result = replace(result, graphs=(*result.graphs, graph))
            measured(result)
    except BaseException:
        if (result.verdicts or result.graphs) and not _is_known(store, spec, plan):
            keep()
        raise
    result = replace(result, complete=True)
    if not store.closed:
        keep()
    return result


def _is_known(store: Store, spec: str, plan: Plan) -> bool:
    """Whether a store has a complete result of this plan."""
    result = read_result(store.result(Path(spec).stem, plan.key))
    return result is not None and result.complete


def environment(plan: Plan) -> Environment:
    """What the numbers depend on besides the spec."""
    return Environment(
        cspec=version("cspec"),
        python=platform.python_version(),
        torch=torch.__version__,
        engine=plan.engine,
        engine_version=version("pyvene" if plan.engine == "pyvene" else "cspec"),
        threads=torch.get_num_threads(),
        fitted_by=plan.fitted_by,
    )
