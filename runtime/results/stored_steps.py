"""What a store has of a plan: its fits, and the items of its evaluations. Reads the store, and runs nothing."""

from ...compiler.causal_model import Codes
from ...compiler.plan import EvaluateStep, FitStep, ItemsStep, Plan, RankStep
from ...compiler.terms import Run, metric_runs
from ..fitting.fitted import Fitted, evaluation_content, read_fitted
from ..metrics.replies import Replies, replies_content
from ..scoring.ranked import Ranked, chosen_cells, read_ranked
from ..scoring.score_chunks import read_stored
from .store import Store


def find_stored(plan: Plan, store: Store) -> dict[str, int | None]:
    """The keys of the fits and evaluations that a store has: of how many items, or None where it has all of a step.

    An evaluation is found under the content of its maps, so that it is known only where its fit is; which of several
    candidates was measured is found out by looking for each.
    """
    if not store.folder.is_dir():
        return {}
    found: dict[str, int | None] = {}
    fits: dict[str, Fitted] = {}
    ranked: dict[str, Ranked] = {}
    for step in plan.steps():
        if isinstance(step, FitStep) and (read := store.load(step.key)) is not None:
            fits[step.key], found[step.key] = read_fitted(*read), None
        elif isinstance(step, RankStep) and (read := store.load(step.key)) is not None:
            ranked[step.key], found[step.key] = read_ranked(read[1]), None
        elif isinstance(step, EvaluateStep):
            contents = _contents(plan, step, fits, ranked)
            if _is_whole(plan, step):
                if any(store.load(content) is not None for content in contents):
                    found[step.key] = None
            elif items := max((_count(store, content) for content in contents), default=0):
                found[step.key] = items
    return found


def find_replies(plan: Plan, store: Store) -> dict[str, dict[Run, Codes]]:
    """The inputs whose generated texts a store has, by evaluation and run.

    Of several networks of an evaluation the first one's, and of maps those that are fitted.
    """
    found: dict[str, dict[Run, Codes]] = {}
    for step in plan.steps():
        if not isinstance(step, EvaluateStep) or step.replies is None or step.candidates[0].ranks:
            continue
        candidate = step.candidates[0]
        fitted = None if candidate.fit is None else store.load(candidate.fit)
        if candidate.fit is not None and fitted is None:
            continue
        maps = None if fitted is None else read_fitted(*fitted)
        replies = Replies(store, step.replies, candidate.network.key, replies_content(candidate, 0, maps))
        for run in metric_runs(step.score):
            if (inputs := replies.inputs(run)) is not None:
                found.setdefault(step.key, {})[run] = inputs
    return found


def _contents(plan: Plan, step: EvaluateStep, fits: dict[str, Fitted], ranked: dict[str, Ranked]) -> list[str]:
    """The keys under which an evaluation's scores may be; none while a candidate is not fitted, or a circuit found."""
    if any(fit not in fits for candidate in step.candidates for fit in candidate.fits):
        return []
    if any(key not in ranked for candidate in step.candidates for key in candidate.ranks):
        return []
    return [
        evaluation_content(
            step.key,
            index,
            *(None if one.fit is None else fits[one.fit] for one in candidate.chain),
            cells=chosen_cells(plan, candidate, step, ranked),
        )
        for index, candidate in enumerate(step.candidates)
    ]


def _is_whole(plan: Plan, step: EvaluateStep) -> bool:
    (items,) = (one for key in plan.needs(step.items) if isinstance(one := plan.step(key), ItemsStep))
    return items.split == "whole"


def _count(store: Store, content: str) -> int:
    scores = read_stored(store, content)
    return 0 if scores is None else len(scores)
