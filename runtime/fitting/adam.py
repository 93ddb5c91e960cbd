"""Adam for a handful of small tensors."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

BETAS = (0.9, 0.999)
EPSILON = 1e-8


@dataclass
class _Moving:
    """A parameter, how long its averages remember, and the averages of its gradient and of the gradient's square."""

    parameter: nn.Parameter
    betas: tuple[float, float]
    mean: Tensor = field(init=False)
    square: Tensor = field(init=False)

    def __post_init__(self) -> None:
        self.mean, self.square = torch.zeros_like(self.parameter), torch.zeros_like(self.parameter)


class Adam:
    """Steps of Adam (Kingma and Ba 2015, arXiv 1412.6980) at a rate that is told with each.

    They are those of `torch.optim.Adam`, which spends more on a step than a small network's gradient costs, and loads
    torch's compiler with the first.
    """

    def __init__(self, groups: Sequence[tuple[Sequence[nn.Parameter], tuple[float, float]]]) -> None:
        """`groups` are parameters with the memories of their two averages, as `BETAS`."""
        self.taken = 0
        self._moving = [_Moving(parameter, betas) for parameters, betas in groups for parameter in parameters]

    def keep(self, parameters: Sequence[nn.Parameter], rows: Sequence[int]) -> None:
        """Go on with these in place of the parameters so far, of each of which they are some rows."""
        for moving, parameter in zip(self._moving, parameters, strict=True):
            moving.parameter, moving.mean, moving.square = parameter, moving.mean[rows], moving.square[rows]

    @property
    def averages(self) -> tuple[Tensor, ...]:
        """Copies of the averages of every parameter's gradient and of its square."""
        return tuple(average.clone() for moving in self._moving for average in (moving.mean, moving.square))

    def resume(self, taken: int, averages: Sequence[Tensor]) -> None:
        """Go on after so many steps with these `averages`."""
        self.taken = taken
        for number, moving in enumerate(self._moving):
            moving.mean, moving.square = averages[2 * number], averages[2 * number + 1]

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """Move every parameter that has a gradient, and forget the gradients."""
        self.taken += 1
        for moving in self._moving:
            gradient, (first, second) = moving.parameter.grad, moving.betas
            if gradient is None:
                continue
            moving.mean.lerp_(gradient, 1 - first)
            moving.square.mul_(second).addcmul_(gradient, gradient, value=1 - second)
            spread = (moving.square / (1 - second**self.taken)).sqrt_().add_(EPSILON)
            moving.parameter.addcdiv_(moving.mean, spread, value=-rate / (1 - first**self.taken))
            moving.parameter.grad = None
