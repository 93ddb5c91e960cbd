"""Activations of numbered inputs at some positions of each alone."""

import numpy as np
import torch
from torch import Tensor

from ..networks.gather import gather
from .kept import Bools, Claim, Kept
from .numbered_inputs import Numbers


class KeptPlaces:
    """Activations [input, place, width], each input's at positions of its own; see `Kept`.

    Of each input that is held, in the order in which they came, `places` [input, place] are its positions from the
    first to the last; where there are fewer than others have, the last stands for the rest.
    """

    def __init__(self, claim: Claim, most: int) -> None:
        self.kept = Kept(claim, most)
        self.places = torch.empty(0, 0, dtype=torch.int32)

    @property
    def size(self) -> int:
        """The bytes that are held in memory."""
        return self.kept.size

    @property
    def row_size(self) -> int:
        """The bytes of an input's activations."""
        return self.kept.row_size(self.places.shape[1])

    def has(self, numbers: Numbers, at: Tensor) -> Bools:
        """Of which inputs the activations at all of some positions [item, place] are held."""
        held = self.kept.has(numbers)
        rows = np.flatnonzero(held)
        if len(rows):
            wanted = at.cpu()[torch.from_numpy(rows)]
            places, index = self._look_up(numbers[rows], wanted)
            held[rows] = (places.gather(1, index) == wanted).all(1).numpy()
        return held

    def join(self, numbers: Numbers, at: Tensor) -> Tensor:
        """Some positions [item, place] with those that are held of each input already: as `places`."""
        held, new = self.kept.has(numbers), at.cpu()
        before = new[:, :1].expand(-1, self.places.shape[1]).clone()
        before[torch.from_numpy(held)] = self.places[self.kept.at[numbers[held]]].long()
        return each_once(torch.cat([new, before], 1)).to(at.device)

    def add(self, numbers: Numbers, activations: Tensor, places: Tensor) -> None:
        """Hold activations [input, place, width] of inputs, at these positions of each, as `join` gives them."""
        self.kept.add(numbers, activations, activations.shape[1])
        new, count = places.int().cpu(), max(self.places.shape[1], places.shape[1])
        self.places = torch.cat([_widen(self.places, count), _widen(new, count)])

    def find(self, numbers: Numbers, at: Tensor) -> tuple[Tensor, Tensor]:
        """Where inputs are held, shape [item], and where among an input's places some positions [item, place] are."""
        _, index = self._look_up(numbers, at.cpu())
        return self.kept.find(numbers, at.device), index.to(at.device)

    def take(self, rows: Tensor, index: Tensor) -> Tensor:
        """The activations that are held there, as `find` gives it: [item, place, width]."""
        first = index[0]
        if len(first) and bool((index == first).all()) and bool((first.diff() == 1).all()):  # one after the other
            start, stop = int(first[0]), int(first[-1]) + 1
            return self.kept.take(rows, stop, rows.device, start)
        whole = self.kept.take(rows, self.places.shape[1], rows.device)
        return gather(whole, index)

    def _look_up(self, numbers: Numbers, at: Tensor) -> tuple[Tensor, Tensor]:
        """The places of inputs that are held, and the index of each position [item, place] among them, if it is one."""
        places = self.places[self.kept.at[numbers]].long()
        index = torch.searchsorted(places, at.contiguous())
        return places, index.clamp(max=places.shape[1] - 1)


def each_once(at: Tensor) -> Tensor:
    """Positions [item, place] in order and each once; the last one stands for those that were there before."""
    ordered = at.sort(1).values
    last = ordered[:, -1:]
    again = torch.zeros_like(ordered, dtype=torch.bool)
    again[:, 1:] = ordered[:, 1:] == ordered[:, :-1]
    beyond = torch.where(again, torch.iinfo(ordered.dtype).max, ordered).sort(1).values
    return beyond[:, : int((~again).sum(1).max())].minimum(last)


def _widen(places: Tensor, count: int) -> Tensor:
    """Places [input, place] of so many columns: the last one again and again."""
    if not len(places):
        return places.new_empty(0, count)
    return torch.cat([places, places[:, -1:].expand(-1, count - places.shape[1])], 1)
