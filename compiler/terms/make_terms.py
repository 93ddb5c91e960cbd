"""The runs that most estimands are about: an interchange, an edge by itself, a run as it is."""

from .algebra import Assignment, OutputOf, Run, ValueOf, World


def interchange(world: World, variables: tuple[str, ...], output: str) -> OutputOf:
    """The output of a base run in which every variable of the item's set takes its value on its own source."""
    assignments = tuple(
        Assignment(variable, ValueOf(variable, Run(world, index + 1))) for index, variable in enumerate(variables)
    )
    return OutputOf(output, Run(world, 0, assignments, within_set=True))


def along_edge(world: World, variable: str, index: int, held: tuple[str, ...], output: str) -> OutputOf:
    """The output of a base run in which a variable takes its value on source `index` and `held` keep their own."""
    assignments = (
        Assignment(variable, ValueOf(variable, Run(world, index))),
        *(Assignment(other, ValueOf(other, Run(world, 0))) for other in held),
    )
    return OutputOf(output, Run(world, 0, assignments))


def plain(world: World, output: str, input: int = 0) -> OutputOf:
    """The output of a run without assignments."""
    return OutputOf(output, Run(world, input))
