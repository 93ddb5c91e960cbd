"""Keys and values of the first positions of unedited runs, by input: what later positions read of them."""

from collections.abc import Callable
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

    def fill(self, numbers: Numbers, tokens: Tensor, at_once: int, run: Callable[[Tensor], Prefix]) -> bool:
        """Hold those of inputs that are missing, as `run` gives them; False where there is no room left for them."""
        try:
            for part, at in missing(self.has(numbers), numbers, at_once):
                found = run(tokens[torch.from_numpy(at).to(tokens.device)])
                keys, values = found.keys[self.first :], found.values[self.first :]
                self.shape = (len(keys), 2, *keys[0].shape[1:])
                pairs = [each.flatten(1) for pair in zip(keys, values, strict=True) for each in pair]
                self.kept.add(part, torch.stack(pairs, 1), 0)
        except _NoRoom:
            return False
        return True

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


def _find_room(claim: Claim, wanted: int) -> bool:
    if not claim(wanted):
        raise _NoRoom
    return True


class _NoRoom(Exception):
    """There is no room in memory for keys and values, which are read too often to lie in a file."""
