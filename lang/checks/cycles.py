"""Directed graphs of names: an order of them, which names lie on a cycle, and a cycle in words."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

MOST_SHOWN = 8
"""Names of a cycle that are shown; of a longer one the first and the last."""


def cyclic(edges: Mapping[str, Iterable[str]]) -> list[set[str]]:
    """The sets of names that all reach each other, and single names that reach themselves, in linear time (Tarjan)."""
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    open_names: list[str] = []
    is_open: set[str] = set()
    found: list[set[str]] = []
    for start in edges:
        if start in number:
            continue
        work = [(start, iter(edges[start]))]
        number[start] = lowest[start] = len(number)
        open_names.append(start)
        is_open.add(start)
        while work:
            name, rest = work[-1]
            following = next(rest, None)
            if following is None:
                work.pop()
                if work:
                    above = work[-1][0]
                    lowest[above] = min(lowest[above], lowest[name])
                if lowest[name] == number[name]:
                    at = len(open_names) - 1
                    while open_names[at] != name:
                        at -= 1
                    component = set(open_names[at:])
                    del open_names[at:]
                    is_open -= component
                    if len(component) > 1 or name in edges[name]:
                        found.append(component)
            elif following not in number:
                number[following] = lowest[following] = len(number)
                open_names.append(following)
                is_open.add(following)
                work.append((following, iter(edges[following])))
            elif following in is_open:
                lowest[name] = min(lowest[name], number[following])
    return found


def order_after(parents: Mapping[str, Sequence[str]]) -> list[str]:
    """Names after their parents, else in the order given; what lies on or below a cycle is left out."""
    children: dict[str, list[str]] = {name: [] for name in parents}
    for name, above in parents.items():
        for parent in above:
            children[parent].append(name)
    position = {name: index for index, name in enumerate(parents)}
    names = list(parents)
    waiting = {name: len(above) for name, above in parents.items()}
    ready = [position[name] for name, count in waiting.items() if count == 0]
    order: list[str] = []
    while ready:
        ready.sort(reverse=True)
        name = names[ready.pop()]
        order.append(name)
        for child in children[name]:
            waiting[child] -= 1
            if waiting[child] == 0:
                ready.append(position[child])
    return order


def find_cycles(parents: Mapping[str, Sequence[str]], left: Sequence[str]) -> Iterator[list[str]]:
    """Cycles among the names that an order left out, each from its first name on and up through parents.

    Walks go up the first parent that is left; each walk that meets itself is a cycle.
    """
    among, order = set(left), {name: index for index, name in enumerate(left)}
    seen: set[str] = set()
    for start in left:
        walk: list[str] = []
        name = start
        while name not in seen:
            seen.add(name)
            walk.append(name)
            name = next(parent for parent in parents[name] if parent in among)
        if name in walk:
            cycle = walk[walk.index(name) :]
            first = cycle.index(min(cycle, key=order.__getitem__))
            yield cycle[first:] + cycle[:first]


def show_cycle(names: Sequence[str], verb: str) -> str:
    """`a` reads `b` reads `a`, for names whose last is the first again."""
    shown = [f"`{name}`" for name in names]
    if len(names) > MOST_SHOWN + 1:
        left = len(names) - MOST_SHOWN
        shown = [*shown[: MOST_SHOWN // 2], f"... ({left:,} more)", *shown[-MOST_SHOWN // 2 :]]
    return f" {verb} ".join(shown)
