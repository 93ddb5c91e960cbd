"""Whether a store knows already what a plan would find: results of the same items on the same network."""

from ...compiler.plan import DecideStep, EncodeStep, EvaluateStep, ItemsStep, Plan
from ..deciding.looks import read_looks
from ..deciding.quantity_keys import stream_key
from .result_document import read_result
from .store import Store


def knows_results(plan: Plan, store: Store) -> bool:
    """Whether any claim's estimand was measured already, under whatever bound, map or site.

    Results are looked through, whatever the spec's name, and the ledger of looks. The store knows of no other store.
    """
    claims = [step for step in map(plan.step, plan.claims) if isinstance(step, DecideStep)]
    chunks = {chunk for claim in claims for chunk in claim.chunks}
    if any(look.chunk in chunks for look in read_looks(store)):
        return True
    wanted = {pair for claim in claims for q in claim.quantities for pair in _measured(plan, q.evaluate)}
    results = [result for path in store.results() if (result := read_result(path)) is not None]
    rows = [row.keys for result in results for verdict in result.verdicts for row in verdict.quantities]
    return any(keys is not None and (keys.items, keys.network) in wanted for keys in rows)


def _measured(plan: Plan, evaluate: str) -> list[tuple[str, str]]:
    """An evaluation's items, with each of the networks that it may measure."""
    step = plan.step(evaluate)
    assert isinstance(step, EvaluateStep)
    encode = plan.step(step.items)
    assert isinstance(encode, EncodeStep)
    items = plan.step(encode.items)
    assert isinstance(items, ItemsStep)
    return [(stream_key(items.population.key, items.split), c.network.key) for c in step.candidates]
