"""`@record`: what `@dataclass(frozen=True)` makes of a class, each method written when it is first called.

`dataclass` writes six methods of a frozen class as text and runs it, for half a millisecond a class: of the hundreds of
small classes that a spec's check imports that was a third of its time, and most of them are never instantiated. The
fields are `dataclasses`' own, so `fields`, `replace`, `asdict` and `is_dataclass` work.
"""

from collections.abc import Callable, Iterable
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from reprlib import recursive_repr
from typing import Any, NoReturn, TypeVar, dataclass_transform

T = TypeVar("T")
Fields = tuple["Field[Any]", ...]


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: type[T]) -> type[T]:
    """The class with a constructor over its fields, equality, a hash and a representation; its instances never change.

    Neither a base nor a subclass of another such class. A method that the class defines itself is kept.
    """
    cls.__doc__ = cls.__doc__ or cls.__name__  # where there is none, `dataclass` writes one, which takes long
    dataclass(init=False, repr=False, eq=False)(cls)
    for name, method in METHODS.items():
        if name not in vars(cls):
            setattr(cls, name, method)
    return cls


def _init(self: Any, *values: Any, **named: Any) -> None:
    text_of = _finished_init_text if hasattr(self, "__post_init__") else _init_text
    _write(type(self), "__init__", text_of)(self, *values, **named)


def _eq(self: Any, other: object) -> Any:
    return _write(type(self), "__eq__", _eq_text)(self, other)


def _hash(self: Any) -> Any:
    return _write(type(self), "__hash__", _hash_text)(self)


@recursive_repr()
def _repr(self: Any) -> str:
    shown = ", ".join(f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr)
    return f"{type(self).__qualname__}({shown})"


def _refuse_to_set(self: object, name: str, value: object) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: object, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


METHODS: dict[str, Callable[..., Any]] = {
    "__init__": _init,
    "__eq__": _eq,
    "__hash__": _hash,
    "__repr__": _repr,
    "__setattr__": _refuse_to_set,
    "__delattr__": _refuse_to_delete,
}


def _write(cls: type, name: str, text_of: Callable[[Fields], str]) -> Callable[..., Any]:
    """The class's method of that name, written, and from now on in the place of the one that calls this."""
    parts = fields(cls)
    names: dict[str, Any] = {"__set": object.__setattr__, "__absent": MISSING}
    for each in parts:
        names[f"__default_{each.name}"], names[f"__factory_{each.name}"] = each.default, each.default_factory
    exec(text_of(parts), names)
    method: Callable[..., Any] = names[name]
    method.__qualname__ = f"{cls.__qualname__}.{name}"
    setattr(cls, name, method)
    return method


def _init_text(parts: Fields) -> str:
    parameters = "".join(f", {_parameter(each)}" for each in parts)
    lines = [f" __set(self, {each.name!r}, {_value(each)})" for each in parts]
    return "\n".join((f"def __init__(self{parameters}):", *lines, " return"))


def _finished_init_text(parts: Fields) -> str:
    return f"{_init_text(parts)} self.__post_init__()"


def _parameter(each: "Field[Any]") -> str:
    if each.default is not MISSING:
        return f"{each.name}=__default_{each.name}"
    return f"{each.name}=__absent" if each.default_factory is not MISSING else each.name


def _value(each: "Field[Any]") -> str:
    if each.default_factory is MISSING:
        return each.name
    return f"__factory_{each.name}() if {each.name} is __absent else {each.name}"


def _eq_text(parts: Fields) -> str:
    mine, theirs = (_tuple(side, (each.name for each in parts if each.compare)) for side in ("self", "other"))
    return (
        "def __eq__(self, other):\n"
        " if other.__class__ is self.__class__:\n"
        f"  return {mine} == {theirs}\n"
        " return NotImplemented"
    )


def _hash_text(parts: Fields) -> str:
    hashed = (each.name for each in parts if (each.compare if each.hash is None else each.hash))
    return (  # once for each instance: of a large expression, whose parts are hashed with it, it takes long
        "def __hash__(self):\n"
        " known = self.__dict__.get('_hash')\n"
        " if known is None:\n"
        f"  known = self.__dict__['_hash'] = hash({_tuple('self', hashed)})\n"
        " return known"
    )


def _tuple(instance: str, names: Iterable[str]) -> str:
    return "(" + "".join(f"{instance}.{name}, " for name in names) + ")"
