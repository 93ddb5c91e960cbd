"""A frame of orthonormal columns: plain, or trained by steps that are led back to such frames."""

import torch
from torch import Tensor, nn


class OrthonormalFrame(nn.Module):
    """`weight`, shape [dim, feature]: orthonormal columns, each a direction of the site; or several frames at once.

    In training the gradient is projected on the directions in which a frame can move, G - W (W'G + G'W) / 2, and
    `retract` leads what a step makes of the frame back by a QR decomposition (Edelman, Arias, Smith 1998, arXiv
    physics/9806030; Absil et al. 2008, section 4.1). k columns of length d cost d k^2 and nothing is d x d. The length
    of the columns never grows, so that the rate of an optimiser like Adam means the same in every step. On trained
    networks restarts ended as high as those that differentiate a QR factor or a product of Householder reflections, or
    higher, and closer together. Several frames have axes before the two, and move as each of them alone.
    """

    def __init__(self, dim: int, size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.eye(dim, size), requires_grad=False)

    def draw(self, generator: torch.Generator) -> None:
        """A uniformly random frame (the QR factor of normal numbers; Mezzadri 2007), open for training."""
        self.open(orthonormalise(torch.randn(self.weight.shape, generator=generator)))

    def open(self, weight: Tensor) -> None:
        """This frame, open for training."""
        self.share(weight.detach().clone())
        self.weight.register_hook(self._tangent)  # type: ignore[no-untyped-call]

    def share(self, weight: Tensor) -> None:
        """Be what this tensor holds, where others train it."""
        self.weight = nn.Parameter(weight.detach())

    def retract(self) -> None:
        """Make the columns orthonormal again after a step."""
        if self.weight.requires_grad:
            with torch.no_grad():
                self.weight.copy_(orthonormalise(self.weight))

    def place(self, weight: Tensor) -> None:
        """This frame, fixed."""
        self.weight = nn.Parameter(weight.detach().clone(), requires_grad=False)

    def finished(self) -> Tensor:
        """The nearest frame whose columns are orthonormal to float32's precision; a fixed frame itself."""
        weight = self.weight.detach()
        return orthonormal(weight) if self.weight.requires_grad else weight.clone()

    def _tangent(self, gradient: Tensor) -> Tensor:
        """The part of a gradient, shape [dim, feature], along which the columns stay orthonormal."""
        weight = self.weight.detach()
        inner = weight.mT @ gradient
        return gradient - weight @ ((inner + inner.mT) / 2)


def orthonormalise(matrix: Tensor) -> Tensor:
    """Orthonormal columns [dim, feature] that span what the first, the first two, .. columns of a matrix span.

    Each stands on its own column's side, which makes the frame a smooth function of a matrix of full rank.
    """
    q, r = torch.linalg.qr(matrix)
    signed: Tensor = q * torch.where(r.diagonal(dim1=-2, dim2=-1) < 0, -1.0, 1.0)[..., None, :]
    return signed


def orthonormal(frame: Tensor) -> Tensor:
    """The nearest frame with orthonormal columns (polar factor), computed in float64; shape [dim, feature]."""
    u, _, v = torch.linalg.svd(frame.double(), full_matrices=False)
    nearest: Tensor = (u @ v).float()
    return nearest
