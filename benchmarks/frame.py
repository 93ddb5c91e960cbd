"""A rotation's interchange, forward and backward, against pyvene's low-rank rotation.

A step takes the features of a batch of bases and of sources in a trained frame, rebuilds the bases with the sources'
features, and differentiates the sum of squares by the frame's parameters: what a step of distributed alignment search
asks of the map, without the network. pyvene's intervention is as pyvene makes it by default (a product of Householder
reflections), which builds its weight wherever it is read; a second row has torch build it once.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from cspec.runtime.engines.import_pyvene import import_pyvene
from cspec.runtime.maps.subspace import SubspaceMap
from torch import Tensor
from torch.nn.utils import parametrize

from .report import Duel, median_seconds, run_duel

BATCH = 32
CASES = ((768, 8, 50), (768, 64, 50), (2048, 8, 120), (2048, 64, 120))
"""Width, features, and how many times faster than pyvene a step should be."""
REPEATS = 3


def measure() -> list[Duel]:
    """Each case against pyvene as it comes, and with its weight built once a step."""
    torch.set_num_threads(1)
    rate = matmul_rate()
    rows = []
    for dim, size, wanted in CASES:
        base, source = torch.randn(2, BATCH, dim, generator=torch.Generator().manual_seed(dim + size))
        ours, peer = (partial(run_step, swap, base, source) for swap in (Ours(dim, size), open_peer(dim, size)))
        floor, case = 1e3 * step_flops(dim, size) / rate, f"d{dim} k{size}"
        rows.append(run_duel(case, ours, peer, REPEATS, wanted, floor))
        rows.append(
            run_duel(f"{case}, pyvene's weight built once", ours, partial(run_cached, peer), REPEATS, None, floor)
        )
    return rows


def run_step(swap: Callable[[Tensor, Tensor], Tensor], base: Tensor, source: Tensor) -> None:
    """An interchange and its gradient."""
    swap(base, source).square().sum().backward()  # type: ignore[no-untyped-call]


def run_cached(step: Callable[[], None]) -> None:
    """A step in which torch's parametrisations are computed once."""
    with parametrize.cached():
        step()


class Ours:
    """The interchange of a whole subspace in a map that is open for training, led back after the step before."""

    def __init__(self, dim: int, size: int) -> None:
        self.map = SubspaceMap(dim, (size,))
        self.map.draw(torch.Generator().manual_seed(0))

    def __call__(self, base: Tensor, source: Tensor) -> Tensor:
        """Bases [item, dim] with the features of sources [item, dim]."""
        self.map.settle()
        _, error = self.map.featurise(base)
        return self.map.inverse(self.map.featurise(source)[0], error)


def open_peer(dim: int, size: int) -> Any:
    """pyvene's intervention of the same shape."""
    return import_pyvene().LowRankRotatedSpaceIntervention(embed_dim=dim, low_rank_dimension=size)


def step_flops(dim: int, size: int) -> float:
    """Floating-point operations of a step's matrix products.

    The interchange has three products of [item, dim] by [dim, feature] and four more in its gradient; the frame costs
    one QR decomposition (4 dim feature^2) and the two products that project its gradient (4 dim feature^2).
    """
    return 7 * 2 * BATCH * dim * size + 8 * dim * size**2


def matmul_rate(width: int = 1024) -> float:
    """Floating-point operations a second of a large product of float32 matrices on this machine."""
    a, b = torch.randn(2, width, width)
    return 2 * width**3 / median_seconds(lambda: a @ b, 9)
