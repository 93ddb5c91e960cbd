"""Every estimand of a claim as the term that it stands for, whether this version can run it or not."""

from collections.abc import Mapping

from ...lang.claims import Claim, Estimand
from ...lang.effects import Effect, Mean
from ...lang.program import Program
from ...lang.show_estimands import show_effect, show_mean
from ..causal_model import CausalModel
from ..terms import Estimate
from .lower_effects import lower_effect, lower_mean
from .lower_estimands import estimand_text
from .lower_scores import lower_term


def lower_terms(program: Program, models: Mapping[str, CausalModel], claim: Claim) -> tuple[tuple[str, Estimate], ...]:
    """The texts and terms of a claim's estimands, each once, in the order in which they are written."""
    return tuple((_text(program, e), _term(program, models, e)) for e in claim.estimands)


def _text(program: Program, estimand: Estimand) -> str:
    match estimand:
        case Effect():
            return show_effect(estimand)
        case Mean():
            return show_mean(estimand)
        case _:
            return estimand_text(estimand, program)


def _term(program: Program, models: Mapping[str, CausalModel], estimand: Estimand) -> Estimate:
    match estimand:
        case Effect():
            return lower_effect(program, estimand)
        case Mean():
            return lower_mean(estimand)
        case _:
            return lower_term(program, models, estimand)
