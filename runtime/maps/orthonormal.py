"""A frame of orthonormal columns: plain, or trained as the QR factor of a free matrix."""

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize


class OrthonormalFrame(nn.Module):
    """`weight`, shape [dim, feature]: orthonormal columns, each a direction of the site.

    In training the frame is the Q of the reduced QR decomposition of a free matrix of the same shape, R's diagonal
    positive, and the gradient goes through the decomposition: k columns of length d cost d k^2 and nothing is d x d.
    Householder products (arXiv 1612.00188), steps on the manifold with a retraction by QR or by polar factor, and
    Cayley's transform find maps that agree as often within the same steps; this one is as fast as any, and a step
    needs nothing beside the gradient. Within `parametrize.cached()` the frame is built once.
    """

    weight: Tensor

    def __init__(self, dim: int, size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.eye(dim, size), requires_grad=False)

    def draw(self, generator: torch.Generator) -> None:
        """A uniformly random frame (the QR factor of Gaussian numbers; Mezzadri 2007), open for training."""
        self.place(orthonormalise(torch.randn(self.weight.shape, generator=generator)))
        self.weight.requires_grad_(True)
        parametrize.register_parametrization(self, "weight", _Orthonormalised())

    def place(self, weight: Tensor) -> None:
        """This frame, fixed."""
        if parametrize.is_parametrized(self):
            parametrize.remove_parametrizations(self, "weight")
        self.weight = nn.Parameter(weight.detach().clone(), requires_grad=False)

    def finished(self) -> Tensor:
        """The nearest frame whose columns are orthonormal to float32's precision; a fixed frame itself."""
        weight = self.weight.detach()
        return orthonormal(weight) if parametrize.is_parametrized(self) else weight.clone()


class _Orthonormalised(nn.Module):
    """From the free matrix to the frame, and from a frame to a matrix that stands for it: itself."""

    def forward(self, free: Tensor) -> Tensor:
        return orthonormalise(free)

    def right_inverse(self, frame: Tensor) -> Tensor:
        return frame


def orthonormalise(matrix: Tensor) -> Tensor:
    """Orthonormal columns [dim, feature] that span what the first, the first two, .. columns of a matrix span.

    Each stands on its own column's side, which makes the frame a smooth function of a matrix of full rank.
    """
    q, r = torch.linalg.qr(matrix)
    signed: Tensor = q * torch.where(r.diagonal() < 0, -1.0, 1.0)
    return signed


def orthonormal(frame: Tensor) -> Tensor:
    """The nearest frame with orthonormal columns (polar factor), computed in float64; shape [dim, feature]."""
    u, _, v = torch.linalg.svd(frame.double(), full_matrices=False)
    nearest: Tensor = (u @ v).float()
    return nearest
