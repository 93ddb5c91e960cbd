"""What stands in a term: the runs of a score, the inputs that a run reads, the values that it sets."""

from collections.abc import Iterator

from .algebra import Amount, Apart, Distance, Gain, Plus, RandomVector, Run, Score, Value, ValueOf


def measured_run(score: Score) -> Run:
    """The run that a score is about: of two, the one that is held against the other."""
    if isinstance(score, Distance):
        return score.run
    return score.query.run if isinstance(score, Amount) else score.left.run


def metric_runs(score: Score) -> tuple[Run, ...]:
    """The runs whose answers the metric of a score reads."""
    assert isinstance(score, Amount | Gain | Apart)
    return (score.query.run,) if isinstance(score, Amount) else (score.left.run, score.right.run)


def inputs_read(run: Run) -> tuple[int, ...]:
    """The inputs of the item that a run reads, its own and those of the runs that its values are read in; in order."""
    found = {run.input}
    waiting = [assignment.value for assignment in run.assignments]
    while waiting:
        match waiting.pop():
            case ValueOf(run=inner):
                found.update(inputs_read(inner))
            case Plus(left=left, right=right):
                waiting += [right] if left is None else [left, right]
            case RandomVector(like=like):
                waiting.append(like)
    return tuple(sorted(found))


def parts_of(value: Value) -> Iterator[Value]:
    """The values that a sum is made of, and those that a random vector is as long as; any other is its only part."""
    if isinstance(value, Plus):
        for side in (value.left, value.right):
            if side is not None:
                yield from parts_of(side)
        return
    if isinstance(value, RandomVector):
        yield from parts_of(value.like)
    yield value


def values_of(run: Run) -> Iterator[Value]:
    """The values that a run sets, and those of the runs that they are read in, each with what it is made of."""
    for assignment in run.assignments:
        for value in parts_of(assignment.value):
            yield value
            if isinstance(value, ValueOf):
                yield from values_of(value.run)


def taken_values(run: Run) -> tuple[tuple[str, ValueOf], ...]:
    """The variables that a run sets, each with the value that it takes from another run.

    Raises:
        ValueError: the run sets something else, or to something else.
    """
    taken = []
    for assignment in run.assignments:
        target, value = assignment.target, assignment.value
        if not isinstance(target, str) or not isinstance(value, ValueOf) or assignment.readers is not None:
            raise ValueError("only variables, for all readers, take values from other runs")
        taken.append((target, value))
    return tuple(taken)
