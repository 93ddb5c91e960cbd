"""The optimiser's driver: rewrites of a plan, one after the other.

A rewrite is a function from a plan to a plan. It changes how steps are run (`schedule`, `order`), and never the key of
a step that was there: what is measured stays the same. Any rewrites can be left out. Which Capture steps are read
follows from the schedules, and is found out once, at the end.
"""

from collections.abc import Callable, Sequence

from ..plan import EngineName, FitStep, Plan, RankStep, Runner
from .exit_early import exit_early
from .fill_batches import fill_batches
from .join_fits import join_fits
from .join_restarts import join_restarts
from .keep_prefixes import keep_prefixes
from .narrow_captures import narrow_captures
from .narrow_logits import narrow_logits
from .order_sweeps import order_sweeps
from .reschedule import plan_captures, rewrite_runners
from .run_suffixes import run_suffixes
from .share_captures import share_captures

Rewrite = Callable[[Plan], Plan]

REWRITES: tuple[Rewrite, ...] = (
    share_captures,
    exit_early,
    run_suffixes,
    keep_prefixes,
    narrow_logits,
    order_sweeps,
    narrow_captures,
    fill_batches,
    join_restarts,
    join_fits,
)
BY_ENGINE: dict[EngineName, tuple[Rewrite, ...]] = {
    "fused": REWRITES,
    "hooks": (fill_batches,),
    "pyvene": (fill_batches,),
}
"""What is done for each engine: the references run the naive plan, several items at once."""


def optimise_for_engines(plan: Plan) -> Plan:
    """The plan with all rewrites of its engines: each step is run as the engine that runs it does."""
    own = _rewrite(plan, BY_ENGINE[plan.engine])
    if plan.fitted_by == plan.engine:
        return plan_captures(own)
    steps = tuple(_rewrite(plan, BY_ENGINE[plan.fitted_by]).steps())
    fits: dict[str, Runner] = {step.key: step for step in steps if isinstance(step, FitStep)}
    fits |= {step.key: step.measure for step in steps if isinstance(step, RankStep)}
    return plan_captures(rewrite_runners(own, lambda step: fits.get(step.key, step)))


def _rewrite(plan: Plan, rewrites: Sequence[Rewrite]) -> Plan:
    for rewrite in rewrites:
        plan = rewrite(plan)
    return plan
