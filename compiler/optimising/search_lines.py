"""The groundings that a fit tries, line by line of its search, in the order in which they are tried."""

from ..groundings import Grounding, ground
from ..plan import FitStep


def search_lines(step: FitStep) -> tuple[tuple[Grounding, ...], ...]:
    """The alternatives of every open line, with what is settled from the start; of no search the one grounding."""
    if not step.search.open:
        return ((step.grounding,),)
    lines = step.search.lines
    settled = [place for line in lines if len(line) == 1 for place in line[0]]
    order = step.order or tuple(tuple(range(len(line))) for line in lines)
    return tuple(
        tuple(ground((*settled, *line[index])) for index in tried)
        for line, tried in zip(lines, order, strict=True)
        if len(line) > 1
    )
