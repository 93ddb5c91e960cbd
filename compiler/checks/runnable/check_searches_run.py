"""Which searches for circuits run: over sites whose width is known, by effects through nothing that is learned."""

from collections.abc import Mapping

from ....lang.circuits import TopSites
from ....lang.effects import CandidateSubject, CircuitSubject, Effect, MeanOf, RestSubject, Taken, VariableTarget
from ....lang.program import Program
from ...experiments import NetworkFile
from ...lowering.lower_effects import aligned_names
from ...lowering.lower_searches import searched_circuits


def find_search_obstacle(
    effect: Effect, name: str, sites: TopSites, program: Program, networks: Mapping[str, NetworkFile]
) -> str:
    """What no engine runs of a searched circuit in an effect, but for what scores it; nothing where it runs."""
    score = sites.score
    if score.random:
        return f"the circuit `{name}`, which is searched for in `random({score.network})`"
    if searched_circuits(program, score):
        return f"the circuit `{name}`, which is searched for by another one that is searched for"
    if score.rest or any(isinstance(thing, RestSubject) for thing in score.things):
        return f"the circuit `{name}`, which is searched for by an effect on a rest"
    if isinstance(score.target, VariableTarget):
        return f"the circuit `{name}`, which is searched for by an effect on the variable `{score.target.text}`"
    if any(placed.learned for each in aligned_names(score) for placed in program.alignments[each].placements):
        return f"the circuit `{name}`, which is searched for through a map that is learned"
    if _shares_value(effect, CircuitSubject(name)) or _shares_value(score, CandidateSubject()):
        return f"a value that another thing takes of the circuit `{name}`, which is searched for"
    here, there = networks.get(effect.network), networks.get(score.network)
    if here is not None and there is not None and here.facts != there.facts:
        return f"the circuit `{name}`, which is searched for in a network of another architecture"
    return ""


def _shares_value(effect: Effect, circuit: CircuitSubject | CandidateSubject) -> bool:
    """Whether a circuit gives its value to another thing, or takes another's: its cells may be of any width."""
    for setting in effect.settings:
        taken = [p.value.subject for p in setting.value.portions if isinstance(p.value, MeanOf | Taken)]
        found = [thing == circuit for thing in (setting.subject, *taken)]
        if any(found) and not all(found):
            return True
    return False
