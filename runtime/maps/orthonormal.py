"""A frame of orthonormal columns: plain, or trained by torch's orthogonal parametrisation."""

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize
from torch.nn.utils.parametrizations import orthogonal


class OrthonormalFrame(nn.Module):
    """`weight`, shape [dim, feature]: orthonormal columns, each a direction of the site.

    In training the frame is the drawn one turned by a product of Householder reflections (Mhammedi et al. 2017,
    arXiv 1612.00188; around the drawn frame as in Lezcano-Casado 2019, arXiv 1909.09501): for k columns of length d it
    costs d^2 k, where a matrix exponential costs d^3. Within `parametrize.cached()` it is built once.
    """

    weight: Tensor

    def __init__(self, dim: int, size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.eye(dim, size), requires_grad=False)

    def draw(self, generator: torch.Generator) -> None:
        """A uniformly random frame, open for training."""
        self.place(torch.linalg.qr(torch.randn(self.weight.shape, generator=generator)).Q)
        self.weight.requires_grad_(True)
        with torch.random.fork_rng(devices=[]):  # the parametrisation draws the frame's complement from global numbers
            torch.set_rng_state(generator.get_state())
            orthogonal(self, "weight", orthogonal_map="householder")
            generator.set_state(torch.get_rng_state())

    def place(self, weight: Tensor) -> None:
        """This frame, fixed."""
        if parametrize.is_parametrized(self):
            parametrize.remove_parametrizations(self, "weight")
        self.weight = nn.Parameter(weight.detach().clone(), requires_grad=False)

    def finished(self) -> Tensor:
        """The nearest frame whose columns are orthonormal to float32's precision; a fixed frame itself."""
        weight = self.weight.detach()
        return orthonormal(weight) if parametrize.is_parametrized(self) else weight.clone()


def orthonormal(frame: Tensor) -> Tensor:
    """The nearest frame with orthonormal columns (polar factor), computed in float64; shape [dim, feature]."""
    u, _, v = torch.linalg.svd(frame.double(), full_matrices=False)
    nearest: Tensor = (u @ v).float()
    return nearest
