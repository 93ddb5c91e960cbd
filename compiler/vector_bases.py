"""Where the base of a vector of several layers is read: its parts are never all there before one of them is set."""

from collections.abc import Callable
from dataclasses import replace

from .groundings import Frame
from .terms import Handle, Run, ValueOf


def base_run(frame: Frame, run: Run, frame_of: Callable[[Handle], Frame | None]) -> Run:
    """The run that a scattered frame's vector is taken from before it is changed.

    It is the run with the assignments of what comes before all of the frame. A whole vector that takes its value in
    another run needs no base, and is read there.

    Args:
        frame: its variables are set in the run.
        run: the run with all its assignments.
        frame_of: the frame of a target.
    """
    values = [assignment.value for assignment in run.assignments if frame_of(assignment.target) == frame]
    if frame.given and isinstance(values[0], ValueOf):
        return values[0].run
    before = []
    for assignment in run.assignments:
        other = frame_of(assignment.target)
        if other is not None and frame.follows(other):
            before.append(assignment)
    return replace(run, assignments=tuple(before))
