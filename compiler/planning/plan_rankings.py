"""Rankings: the scores, on `select`, of the places that a searched circuit is chosen from."""

from ..experiments import Measurement, Ranking
from ..keys import content_key
from ..lowering.lower_searches import CANDIDATE
from ..plan import CODE_VERSIONS, Candidate, EvaluateStep, NetworkSource, RankStep
from .autoencoder_keys import autoencoder_parts
from .evaluation_parts import NATURAL, canonical, plan_others, replies_keys
from .step_graph import StepGraph


def plan_rankings(measurement: Measurement, network: NetworkSource, steps: StepGraph) -> tuple[str, ...]:
    """The rankings that choose a measurement's circuits: on the network that is measured where that is theirs."""
    return tuple(
        _plan_ranking(
            ranking,
            network
            if ranking.score.network == measurement.network
            else steps.plan_network(ranking.score.network, None),
            steps,
        )
        for ranking in measurement.rankings
    )


def _plan_ranking(ranking: Ranking, network: NetworkSource, steps: StepGraph) -> str:
    """Rank: the score of every place that a circuit may be chosen from."""
    score, grounding = ranking.score, ranking.score.grounding
    assert grounding is not None
    items = steps.plan_items(score.recipe, "select", ranking.select_count, score.encoding)
    natural = steps.plan_items(score.recipe, "fit", NATURAL, score.encoding)
    others = plan_others(score, steps)
    key = content_key(
        "rank",
        CODE_VERSIONS["rank"],
        items=items,
        network=network.key,
        places=ranking.places,
        grounding=grounding,
        score=canonical(score),
        natural=natural,
        others=others,
        metric=score.metric,
        engine=steps.fitted_by,
        **autoencoder_parts(grounding.frames),
        **score.redefined,
    )
    measure = EvaluateStep(
        key=key,
        text=score.text,
        score=score.term.score,
        model=score.recipe.model,
        items=items,
        candidates=(Candidate(network, None),),
        grounding=grounding,
        variables=score.variables,
        select=None,
        natural=natural,
        others=others,
        metric=score.metric,
        replies=replies_keys(score, natural, others, steps.fitted_by),
    )
    step = RankStep(key, ranking.name, ranking.places, score.variables.index(CANDIDATE), measure)
    return steps.add(step, items, natural)
