"""From a rest to places: what a circuit or an alignment leaves of its layers, or (`given rest`) of a whole network."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from ...lang.places import IDENTITY
from ...lang.record import record
from ..groundings import Frame, Place, ground
from ..network_facts import NetworkFacts
from ..prompts import SpokenTask
from ..row_layout import Position
from ..terms import (
    REST_AT,
    Apart,
    Assignment,
    Differ,
    Gain,
    Handle,
    Here,
    MeanOver,
    Plus,
    RandomVector,
    Resampled,
    Rest,
    Run,
    Value,
    ValueOf,
)

NODES = ("hidden", "head_out", "mlp_act")
"""The components of which everything else in a network is made: sums of heads and of neurons are none of their own."""

Expanded = Mapping[Handle, tuple[str, ...]]
"""Handles that stand for several places, such as rests, each by the names of these."""


def left_places(frames: Iterable[Frame], positions: int | None) -> tuple[Place, ...]:
    """What frames leave of their own layers, at all positions (None: there are none)."""
    frames = tuple(frames)
    layers = {part.activation: part.width for frame in frames for part in frame.parts}
    found = (_left(*activation, width, frames, positions) for activation, width in layers.items())
    return tuple(place for places in found for place in places)


def other_places(frames: Iterable[Frame], facts: NetworkFacts, positions: int | None) -> tuple[Place, ...]:
    """What frames leave of all that a network computes: its neurons' layers, or its heads and its MLPs' neurons."""
    frames, found = tuple(frames), list[Place]()
    for component in NODES:
        for layer in facts.layers(component):
            width = facts.width(component, layer)
            if width is None or (component == "hidden" and layer == 0):  # the embedding is the inputs' own value
                continue
            found += _left(component, layer, width * max(1, facts.heads_of(component)), frames, positions)
    return tuple(found)


def _left(
    component: str, layer: int | None, width: int, frames: tuple[Frame, ...], positions: int | None
) -> Iterable[Place]:
    """What frames leave of one layer: a place for all positions at which they leave the same dims."""
    free: dict[tuple[int, ...], list[int]] = {}
    for position in range(1 if positions is None else positions):
        parts = [part for frame in frames for part in frame.parts if part.activation == (component, layer)]
        taken = {dim for part in parts if position in part.positions for dim in part.dims}
        free.setdefault(tuple(dim for dim in range(width) if dim not in taken), []).append(position)
    for dims, there in free.items():
        if dims:
            yield Place(0, component, layer, dims, width, IDENTITY, None, tuple(there))


def _of_others(frames: Iterable[Frame], own: Iterable[Frame]) -> Iterable[Place]:
    """What frames have of their nodes that is not in their own ones."""
    rows: dict[tuple[str, int | None, int, int], list[int]] = {}
    for component, layer, width, at, dim in _units(frames) - _units(own):
        rows.setdefault((component, layer, width, at), []).append(dim)
    for (component, layer, width, at), dims in sorted(rows.items(), key=repr):
        yield Place(0, component, layer, tuple(sorted(dims)), width, IDENTITY, None, (at,))


def _units(frames: Iterable[Frame]) -> set[tuple[str, int | None, int, int, int]]:
    """Every unit of nodes that frames see: its activation and its width, its position, its dim."""
    parts = [part for frame in frames for part in frame.parts if part.component in NODES]
    return {
        (part.component, part.layer, part.width, at, dim)
        for part in parts
        for at in part.positions
        for dim in part.dims
        if isinstance(at, int)
    }


@record
class Rests:
    """The score with every rest as places of their own, and these by name.

    `draws` are the names of those that each draw of a random circuit leaves to be held, of what other draws set.
    """

    score: Gain | Differ | Apart
    places: dict[str, Place]
    draws: tuple[tuple[str, ...], ...]


def place_rests(
    score: Gain | Differ | Apart,
    rest: bool,
    placed: Mapping[str, Place],
    draws: Sequence[Sequence[str]],
    facts: NetworkFacts,
    positions: int | None,
) -> Rests:
    """Place every rest.

    Args:
        score: two runs, in which things are set that are `placed`.
        rest: everything else is held, and not only what is left of some layers.
        placed: where everything lies that the runs name.
        draws: the names of what each draw of a random circuit sets.
        facts: the network's.
        positions: how many its activations have; None: none.
    """
    found, expanded = dict[str, Place](), dict[Handle, tuple[str, ...]]()
    left_over: list[tuple[str, ...]] = [() for _ in draws]
    targets = [target for run in (score.left.run, score.right.run) for target in targets_of(run)]
    for each in dict.fromkeys(target for target in targets if isinstance(target, Rest)):
        everything = rest and each == targets_rest(targets)
        owners = [owner for owner in (*(targets if everything else ()), *each.of) if isinstance(owner, str)]
        frames = ground(placed[name] for name in dict.fromkeys(owners) if name in placed).frames
        if everything:  # what is left of some layers, and set, is not held, too
            frames += tuple(frame for place in found.values() for frame in ground([place]).frames)
        places = other_places(frames, facts, positions) if everything else left_places(frames, positions)
        named = {f"{REST_AT} {place.text} ({len(found) + index})": place for index, place in enumerate(places)}
        found.update(named)
        expanded[each] = tuple(named)
        if everything:
            all_drawn = ground(placed[name] for own in draws for name in own).frames
            for number, own in enumerate(draws):
                others = _of_others(all_drawn, ground(placed[name] for name in own).frames)
                beside = {f"{REST_AT} {place.text} (beside random {number + 1})": place for place in others}
                found.update(beside)
                expanded[each] = (*expanded[each], *beside)
                left_over[number] = tuple(beside)
    left, right = (replace(query, run=with_places(query.run, expanded)) for query in (score.left, score.right))
    return Rests(replace(score, left=left, right=right), found, tuple(left_over))


def at_tokens(place: Place, spoken: SpokenTask | None) -> Place:
    """A place with its positions as numbers, where every prompt has them at the same tokens."""
    if spoken is None or spoken.fixed is None:
        return place
    slots = dict(spoken.fixed)

    def token(position: int | Position) -> int:
        if isinstance(position, int):
            return position
        if position.slot is None:
            assert position.index is not None, "checked: prompts are of one length"
            return position.index + (spoken.positions if position.index < 0 else 0)
        held = slots[position.slot]
        if position.part == "all":
            assert position.index is not None, "checked: slots are as many tokens in every prompt"
            return held[position.index]
        return held[0] if position.part == "first" else held[-1]

    further = tuple(replace(part, positions=tuple(map(token, part.positions))) for part in place.further)
    return replace(place, positions=tuple(map(token, place.positions)), further=further)


def targets_rest(targets: Iterable[Handle]) -> Rest:
    """The rest that stands for everything else: it is held last."""
    return [target for target in targets if isinstance(target, Rest)][-1]


def targets_of(run: Run) -> Iterator[Handle]:
    """What a run sets, and what is set in the runs that it reads, of each of these once."""
    return _targets_of(run, set())


def _targets_of(run: Run, seen: set[int]) -> Iterator[Handle]:
    for assignment in run.assignments:
        value = assignment.value
        if isinstance(value, ValueOf) and value.run.assignments and id(value.run) not in seen:
            seen.add(id(value.run))
            yield from _targets_of(value.run, seen)
        yield assignment.target


def with_places(run: Run, expanded: Expanded) -> Run:
    """A run in which everything that stands for several places is set place by place; the very same without any."""
    return _Expanding(expanded).run(run) if expanded else run


class _Expanding:
    """Goes through each run once, however many values are read in it."""

    def __init__(self, expanded: Expanded) -> None:
        self.expanded = expanded
        self.runs: dict[int, Run] = {}

    def run(self, run: Run) -> Run:
        if id(run) not in self.runs:
            made = list[Assignment]()
            for assignment in run.assignments:
                target = assignment.target
                for own in self.expanded.get(target, (target,)):
                    value = self.value(assignment.value, target, own)
                    same = own is target and value is assignment.value
                    made.append(assignment if same and assignment.readers is None else Assignment(own, value))
            self.runs[id(run)] = replace(run, assignments=tuple(made)) if run.assignments else run
        return self.runs[id(run)]

    def value(self, value: Value, whole: Handle, own: Handle) -> Value:
        match value:
            case ValueOf(variable=handle, run=run):
                inner, handle = self.run(run), own if handle == whole else handle
                same = inner is run and handle is value.variable
                return value if same else replace(value, variable=handle, run=inner)
            case MeanOver(handle=handle) | Here(handle=handle) | Resampled(handle=handle):
                return replace(value, handle=own if handle == whole else handle)
            case Plus(left=left, right=right):
                first = None if left is None else self.value(left, whole, own)
                return replace(value, left=first, right=self.value(right, whole, own))
            case RandomVector(like=like):
                return replace(value, like=self.value(like, whole, own))
        return value
