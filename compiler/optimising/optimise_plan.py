"""The optimiser's driver: rewrites of a plan, one after the other.

A rewrite is a function from a plan to a plan. It changes how steps are run (`schedule`, `order`) and which Capture
steps they read, and never the key of a step that was there: what is measured stays the same. Any rewrites can be left
out.
"""

from collections.abc import Callable, Sequence

from ..plan import EngineName, Plan
from .exit_early import exit_early
from .fill_batches import fill_batches
from .join_restarts import join_restarts
from .keep_prefixes import keep_prefixes
from .narrow_logits import narrow_logits
from .order_sweeps import order_sweeps
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
    fill_batches,
    join_restarts,
)
BY_ENGINE: dict[EngineName, tuple[Rewrite, ...]] = {
    "fused": REWRITES,
    "hooks": (fill_batches,),
    "pyvene": (fill_batches,),
}
"""What is done for each engine: the references run the naive plan, several items at once."""


def optimise_plan(plan: Plan, rewrites: Sequence[Rewrite]) -> Plan:
    """The plan after these rewrites."""
    for rewrite in rewrites:
        plan = rewrite(plan)
    return plan
