"""`@record` makes what `@dataclass(frozen=True)` makes: each class here is made by both, and both are compared."""

import copy
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, is_dataclass, replace
from functools import cached_property
from typing import Any, Generic, TypeVar

import pytest
from cspec.lang.record import record

T = TypeVar("T")
Decorator = Callable[[type], type]


def nothing(decorate: Decorator) -> Any:
    @decorate
    class Nothing:
        """Without fields."""

    return Nothing


def point(decorate: Decorator) -> Any:
    @decorate
    class Point:
        """Fields of each sort; one is called what a writer of methods might call a name of its own."""

        x: int
        absent: tuple[int, ...] = (1, 2)
        place: str = field(default="here", compare=False)
        seen: dict[str, int] = field(default_factory=dict, hash=False)
        hidden: list[int] = field(default_factory=list, repr=False, compare=False, metadata={"later": True})

        @cached_property
        def double(self) -> int:
            return 2 * self.x

    return Point


def finished(decorate: Decorator) -> Any:
    @decorate
    class Finished:
        total: int

        def __post_init__(self) -> None:
            object.__setattr__(self, "total", self.total + 1)

        def __repr__(self) -> str:
            return f"<{self.total}>"

    return Finished


BOTH = (record, dataclass(frozen=True))


@pytest.mark.parametrize("make", [nothing, point, finished])
def test_fields_parameters_and_patterns_are_the_same(make: Callable[[Decorator], Any]) -> None:
    ours, theirs = map(make, BOTH)
    said = [[(f.name, f.default, f.default_factory, f.metadata, f.compare) for f in fields(c)] for c in (ours, theirs)]
    assert said[0] == said[1]
    assert ours.__match_args__ == theirs.__match_args__
    assert is_dataclass(ours)


@pytest.mark.parametrize(
    ("given", "named"), [((3,), {}), ((3, ()), {"place": "there"}), ((), {"x": 4, "seen": {"a": 1}, "hidden": [5]})]
)
def test_instances_are_the_same(given: tuple[Any, ...], named: dict[str, Any]) -> None:
    ours, theirs = (point(decorate)(*given, **named) for decorate in BOTH)
    assert vars(ours) == vars(theirs) == asdict(ours)
    assert repr(ours) == repr(theirs).replace(type(theirs).__qualname__, type(ours).__qualname__)
    assert hash(ours) == hash(theirs)
    assert ours.double == theirs.double
    assert vars(replace(ours, x=9)) == vars(replace(theirs, x=9))
    assert copy.copy(ours) == ours


REFUSED = [((), {}), ((1, 2, "", {}, [], 6), {}), ((1,), {"x": 1}), ((1,), {"y": 2})]


@pytest.mark.parametrize(("given", "named"), REFUSED)
def test_what_one_constructor_refuses_the_other_does(given: tuple[Any, ...], named: dict[str, Any]) -> None:
    messages = []
    for decorate in BOTH:
        with pytest.raises(TypeError) as refused:
            point(decorate)(*given, **named)
        messages.append(str(refused.value))
    assert messages[0] == messages[1]


def test_equality_compares_what_is_compared_and_only_within_a_class() -> None:
    point_class, other_class = point(record), point(record)
    assert point_class(1) == point_class(1, place="there", hidden=[1])
    assert hash(point_class(1)) == hash(point_class(1, seen={"a": 1}))
    assert point_class(1) != point_class(2)
    assert point_class(1) != point_class(1, seen={"a": 1})
    assert point_class(1) != other_class(1)
    assert nothing(record)() != 1
    assert len({point_class(1), point_class(1), point_class(2)}) == 2


def test_defaults_that_are_made_are_made_anew() -> None:
    first, second = point(record)(1), point(record)(1)
    first.seen["a"] = 1
    assert second.seen == {}


def test_nothing_can_be_set_or_deleted() -> None:
    messages = []
    for instance in (point(decorate)(1) for decorate in BOTH):
        with pytest.raises(FrozenInstanceError) as set_refused:
            instance.x = 2
        with pytest.raises(FrozenInstanceError) as deletion_refused:
            del instance.x
        messages.append((str(set_refused.value), str(deletion_refused.value)))
    assert messages[0] == messages[1]


def test_what_a_class_says_itself_is_kept() -> None:
    assert repr(finished(record)(1)) == repr(finished(dataclass(frozen=True))(1)) == "<2>"


@record
class Box(Generic[T]):
    """Of anything, itself included."""

    value: T


def test_records_are_generic_pickled_and_shown_though_they_hold_themselves() -> None:
    inner: list[Any] = []
    box = Box[list[Any]](inner)
    assert pickle.loads(pickle.dumps(box)) == box
    inner.append(box)
    assert repr(box) == "Box(value=[...])"
