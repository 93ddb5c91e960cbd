"""Verify: run a plan to its verdicts and keep the result."""

import platform
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import torch

from ..compiler.plan import THREADS, Plan
from .execute import Inline
from .progress import Progress, Silent
from .result_document import write_result
from .store import Store
from .verdicts import Environment, Result, Verdict


def verify_plan(
    plan: Plan,
    spec: str,
    doc: str,
    seed: int,
    store: Store,
    progress: Progress | None = None,
    decided: Callable[[Verdict], None] = lambda verdict: None,
) -> Result:
    """The verdicts of a plan's claims; the result is written to the store when all are decided.

    `decided` is told each verdict as it falls, so that an interrupted run loses none.

    Raises:
        EnvironmentProblem: a checkpoint, the store or an activation is broken.
    """
    torch.set_num_threads(THREADS)
    verdicts = []
    for verdict in Inline(plan, store, progress or Silent()).verdicts():
        verdicts.append(verdict)
        decided(verdict)
    result = Result(spec, doc, plan.key, seed, plan.confidence, tuple(verdicts), environment())
    store.save_result(Path(spec).stem, plan.key, write_result(result))
    return result


def environment() -> Environment:
    """What the numbers depend on besides the spec."""
    return Environment(
        cspec=version("cspec"),
        python=platform.python_version(),
        torch=torch.__version__,
        engine="pyvene",
        engine_version=version("pyvene"),
        threads=torch.get_num_threads(),
    )
