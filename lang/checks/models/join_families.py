"""Typed equations -> the model's mechanisms: families become one variable each, and several outputs one tuple.

A family whose members do not read each other, directly or through others, is computed as one tuple that its members
read; so setting the tuple sets every member. Where members read each other, or have more than 2^62 values together,
they stay variables of their own.
"""

from collections.abc import Mapping, Sequence
from heapq import heapify, heappop, heappush

from ...domains import Domain, product
from ...expressions import Variable, variables_of
from ...families import IndexedFamily
from ...program import Mechanism
from ...record import record
from ...tuples import MAX_TUPLES, part_of, tuple_code


@record
class Joined:
    """Mechanisms in topological order, and the members of every family that is one variable."""

    mechanisms: tuple[Mechanism, ...]
    families: dict[str, tuple[str, ...]]


def join_families(
    mechanisms: Sequence[Mechanism], families: Sequence[IndexedFamily], output: str, outputs: Sequence[str]
) -> Joined:
    """`mechanisms` stand in topological order; `outputs` are the task's outputs one by one, `output` all together."""
    by_name = {mechanism.name: mechanism for mechanism in mechanisms}
    parents = {name: {v.name for v in variables_of(m.expression)} & by_name.keys() for name, m in by_name.items()}
    owner = {name: name for name in by_name}
    joined: dict[str, tuple[str, ...]] = {}
    order = list(by_name)
    for family in families:
        if _domain([by_name[member] for member in family.members]).size > MAX_TUPLES:
            continue
        candidate = owner | dict.fromkeys(family.members, family.name)
        found = _order(parents, candidate)
        if found is not None:
            owner, order = candidate, found
            joined[family.name] = family.members
    result: list[Mechanism] = []
    for name in order:
        if name in joined:
            result += _family(name, [by_name[member] for member in joined[name]])
        else:
            result.append(by_name[name])
    if output not in by_name and output not in joined:
        result.append(_tuple(output, [by_name[name] for name in outputs]))
    return Joined(tuple(result), joined)


def _order(parents: Mapping[str, set[str]], owner: Mapping[str, str]) -> list[str] | None:
    """The owners after those that they read, else in the given order; None if one reads itself in the end."""
    position: dict[str, int] = {}
    for index, name in enumerate(owner.values()):
        position.setdefault(name, index)
    reads: dict[str, set[str]] = {name: set() for name in owner.values()}
    for name, read in parents.items():
        reads[owner[name]] |= {owner[parent] for parent in read}
    readers: dict[str, list[str]] = {name: [] for name in reads}
    for name, read in reads.items():
        for parent in read:
            readers[parent].append(name)
    waiting = {name: len(read) for name, read in reads.items()}
    ready = [(position[name], name) for name, count in waiting.items() if count == 0]
    heapify(ready)
    order: list[str] = []
    while ready:
        _, name = heappop(ready)
        order.append(name)
        for reader in readers[name]:
            waiting[reader] -= 1
            if waiting[reader] == 0:
                heappush(ready, (position[reader], reader))
    return order if len(order) == len(reads) else None


def _family(name: str, members: list[Mechanism]) -> list[Mechanism]:
    domain = _domain(members)
    whole = Mechanism(name, domain, tuple_code([m.expression for m in members], domain), True, members[0].span)
    variable = Variable(name, domain, None, members[0].span)
    parts = [
        Mechanism(member.name, member.domain, part_of(variable, index), member.declared, member.span)
        for index, member in enumerate(members)
    ]
    return [whole, *parts]


def _tuple(name: str, members: list[Mechanism]) -> Mechanism:
    domain = _domain(members)
    values = [Variable(m.name, m.domain, None, m.span) for m in members]
    return Mechanism(name, domain, tuple_code(values, domain), True, members[0].span)


def _domain(members: Sequence[Mechanism]) -> Domain:
    return product(tuple(member.domain for member in members))
