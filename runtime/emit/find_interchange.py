"""From a plan and a result to the interchange of a claim that a script repeats, and what it came to."""

from dataclasses import dataclass

from ...compiler.experiments import Encoding
from ...compiler.network_facts import MlpFacts, TransformerFacts
from ...compiler.plan import Candidate, DecideStep, EncodeStep, EvaluateStep, ItemsStep, Plan
from ...compiler.terms import Agree, Run, ValueOf, taken_values
from ..deciding.verdicts import QuantityRow, Result
from .repetition import refusal


@dataclass(frozen=True)
class Interchange:
    """A claim's first interchange: its evaluation, the candidate that was measured, its items, and its row."""

    claim: str
    claim_text: str
    step: EvaluateStep
    score: Agree
    candidate: Candidate
    items: ItemsStep
    encoding: Encoding
    row: QuantityRow

    @property
    def run(self) -> Run:
        """The network's run whose output is compared with the causal model's."""
        return self.score.left.run

    @property
    def taken(self) -> tuple[tuple[str, ValueOf], ...]:
        """The variables that some item sets, each with the value that it takes."""
        recipe = self.items.population.recipe
        swapped = {recipe.variables[variable] for members in recipe.sets for variable in members}
        return tuple(pair for pair in taken_values(self.run) if not self.run.within_set or pair[0] in swapped)


def find_interchange(plan: Plan, result: Result, claim: str | None) -> Interchange:
    """The first interchange of a claim (None: of the first claim that has one).

    Raises:
        EnvironmentProblem: the claim has none, or one that no script repeats.
    """
    decided = [step for step in map(plan.step, plan.claims) if isinstance(step, DecideStep)]
    named = [step for step in decided if claim in (None, step.claim.name)]
    for step in named:
        name = step.claim.name
        looked_at = {row.text for row in result[name].quantities} if name in result else None
        for quantity in step.quantities:
            if looked_at is not None and quantity.text not in looked_at:
                continue
            evaluate = plan.step(quantity.evaluate)
            assert isinstance(evaluate, EvaluateStep)
            if isinstance(evaluate.score, Agree) and evaluate.score.left.run.assignments:
                return _open(plan, result, step, evaluate, quantity.text)
    raise refusal(claim or "of this spec", "it measures no interchange")


def _open(plan: Plan, result: Result, step: DecideStep, evaluate: EvaluateStep, text: str) -> Interchange:
    name = step.claim.name
    if name not in result:
        raise refusal(name, "its result was cut short before it was decided; run `cspec verify` again")
    (row,) = (row for row in result[name].quantities if row.text == text)
    candidate = evaluate.candidates[0]
    facts = candidate.network.file.facts
    if candidate.network.draw is not None:
        raise refusal(name, "its network is drawn at random")
    if not isinstance(facts, MlpFacts | TransformerFacts):
        raise refusal(name, "its network is neither an MLP nor a transformer of the transformers library")
    if candidate.network.file.dtype != "float32":
        raise refusal(name, f"its network runs in `{candidate.network.file.dtype}`, and scripts in `float32`")
    assert isinstance(evaluate.score, Agree)
    _check_values(name, evaluate.score.left.run)
    encode_step = plan.step(evaluate.items)
    assert isinstance(encode_step, EncodeStep)
    items = plan.step(encode_step.items)
    assert isinstance(items, ItemsStep)
    encoding = encode_step.encoding
    if any(answer.sequences for answer in encoding.answers):
        raise refusal(name, "its answers are several tokens")
    return Interchange(name, step.claim.text, evaluate, evaluate.score, candidate, items, encoding, row)


def _check_values(claim: str, run: Run) -> None:
    """Every variable takes its own value from an unedited run of the same network."""
    try:
        taken = taken_values(run)
    except ValueError:
        raise refusal(claim, "it sets more than variables to their values on other inputs") from None
    for target, value in taken:
        own = value.variable == target and value.through is None and value.run.world == run.world
        if not own or value.run.assignments:
            raise refusal(claim, f"`{target}` takes no value of its own from an unedited run of the same network")
