"""Counting what is held: the bytes of all arrays that some objects lead to."""

from collections.abc import Iterable

import numpy as np

OURS = __name__.partition(".")[0]


def count_held(objects: Iterable[object]) -> int:
    """The bytes of every array that is reached from objects of this package, through their parts; each counts once."""
    waiting, seen, found = list(objects), set[int](), 0
    while waiting:
        each = waiting.pop()
        if isinstance(each, np.ndarray):
            while isinstance(each.base, np.ndarray):  # a view takes nothing, what it is of does
                each = each.base
        if id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, np.ndarray):
            found += each.nbytes
        elif isinstance(each, dict):
            waiting += each.values()
        elif isinstance(each, tuple | list | set | frozenset):
            waiting += each
        elif type(each).__module__.partition(".")[0] == OURS and not isinstance(each, type):
            waiting += getattr(each, "__dict__", {}).values()
    return found
