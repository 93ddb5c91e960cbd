"""Values of other places in this very run, as values in a run in which neither place is set: so engines read them."""

from dataclasses import replace

from ..terms import Apart, Differ, Gain, Handle, Here, Plus, Query, RandomVector, Run, Value, ValueOf


def read_here(score: Gain | Differ | Apart) -> Gain | Differ | Apart:
    """The score with each other place's value in this very run as its value in the run without what is set of the two.

    The place is computed no later than what is set, so that nothing else of the run is missed there.
    """
    return replace(score, left=_in_query(score.left), right=_in_query(score.right))


def _in_query(query: Query) -> Query:
    run = _in_run(query.run)
    return query if run is query.run else replace(query, run=run)


def _in_run(run: Run) -> Run:
    """The run; the very same where nothing of it reads another place."""

    def changed(target: Handle, value: Value) -> Value:
        match value:
            case Here(handle=handle) if handle != target:
                others = tuple(a for a in run.assignments if a.target not in (target, handle))
                return ValueOf(handle, _in_run(replace(run, assignments=others)))
            case Plus(left=left, right=right):
                first = None if left is None else changed(target, left)
                return replace(value, left=first, right=changed(target, right))
            case RandomVector(like=like):
                return replace(value, like=changed(target, like))
            case ValueOf(run=inner):
                read = _in_run(inner)
                return value if read is inner else replace(value, run=read)
        return value

    values = [changed(assignment.target, assignment.value) for assignment in run.assignments]
    if all(value is assignment.value for value, assignment in zip(values, run.assignments, strict=True)):
        return run
    made = (replace(assignment, value=value) for value, assignment in zip(values, run.assignments, strict=True))
    return replace(run, assignments=tuple(made))
