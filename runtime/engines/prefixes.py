"""Keys and values of the first positions of unedited runs, by input: what later positions read of them."""

from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor

from ..networks.prefix import Prefix
from .kept import Bools, Claim, Kept, missing
from .numbered_inputs import Numbers


class Prefixes:
    """Keys and values of the positions below a length, of the stages from `first` on; all of an input in one row.

    Of every stage each is [input, key head, position, head width].
    """

    def __init__(self, first: int, length: int, claim: Claim) -> None:
        self.first, self.length = first, length
        self.kept = Kept(partial(_find_room, claim), 2**62)  # no method: what refers to itself outlives its last use
        self.shape: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        """The bytes that are held."""
        return self.kept.size

    def has(self, numbers: Numbers) -> Bools:
        """Of which inputs they are held."""
        return self.kept.has(numbers)

    def fill(self, numbers: Numbers, tokens: Tensor, at_once: int, run: Callable[[Tensor], Prefix]) -> None:
        """Hold those of inputs that are missing, as `run` gives them. Raises NoRoom."""
        for part, at in missing(self.has(numbers), numbers, at_once):
            self.add(part, run(tokens[torch.from_numpy(at).to(tokens.device)]))

    def add(self, numbers: Numbers, prefix: Prefix) -> None:
        """Hold those of inputs, which are of these positions, and of these stages and perhaps of earlier ones.

        Raises:
            NoRoom: there is no room for them.
        """
        keys, values = prefix.keys[self.first :], prefix.values[self.first :]
        self.shape = (len(keys), 2, *keys[0].shape[1:])
        pairs = [each.flatten(1) for pair in zip(keys, values, strict=True) for each in pair]
        self.kept.add(numbers, torch.stack(pairs, 1), 0)

    def find(self, numbers: Numbers, device: torch.device) -> Tensor:
        """Where inputs are held, shape [item]."""
        return self.kept.find(numbers, device)

    def take(self, at: Tensor, first: int, length: int) -> Prefix:
        """Those of the inputs that are held there, of the positions below `length`.

        Of the stages before `first`, which are left out, only the shape.
        """
        stages = range(first - self.first, self.shape[0])
        views = [partial(self._see, stage, which, length) for stage in stages for which in (0, 1)]
        found = self.kept.gather(at, at.device, views)  # each by itself: several of middling size, none of all
        none = found[0][:, :, :1, :1].expand(-1, -1, length, found[0].shape[-1])
        return Prefix((*[none] * first, *found[0::2]), (*[none] * first, *found[1::2]))

    def _see(self, stage: int, which: int, length: int, held: Tensor) -> Tensor:
        """The keys (0) or values (1) of one stage and of the positions below `length`, of all rows of a part."""
        return held.view(len(held), *self.shape)[:, stage, which, :, :length]


class AllPrefixes:
    """Those of one network, by their first stage and length; None where no room was left for them."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self._each: dict[tuple[int, int], Prefixes | None] = {}

    @property
    def size(self) -> int:
        """The bytes that are held."""
        return sum(each.size for each in self)

    def __iter__(self) -> Iterator[Prefixes]:
        """Those that are held."""
        return (each for each in self._each.values() if each is not None)

    def find(self, numbers: Numbers, first: int, length: int, longer: bool) -> Prefixes | None:
        """Where those of these inputs are to be held; None where no room was left for such ones.

        If `longer` ones do, those of as many positions and stages, or more, that are held of all these inputs.
        """
        there = [kept for kept in self if longer and kept.first <= first and kept.length >= length]
        held = min((kept for kept in there if kept.has(numbers).all()), key=lambda one: one.length, default=None)
        return held or self._each.setdefault((first, length), Prefixes(first, length, self._claim))

    def give_up(self, kept: Prefixes) -> None:
        """Hold no such ones from now on."""
        self._each[kept.first, kept.length] = None

    def forget(self) -> None:
        """Hold nothing any more."""
        self._each.clear()


class NoRoom(Exception):
    """There is no room in memory for keys and values, which are read too often to lie in a file."""


def _find_room(claim: Claim, wanted: int) -> bool:
    if not claim(wanted):
        raise NoRoom
    return True
