"""Maps in closed form: orthonormal bases computed from activations and the causal model's values on them.

Axes: `vector` counts activations (items, or items times positions where a map is shared), `dim` their length. A basis
has shape [dim, feature], the blocks' columns in order. All is computed in float64; an interchange does not depend on
a mean, so none is kept.
"""

import torch
from torch import Tensor

from ..maps.orthonormal import orthonormalise

L2 = 1e-3
"""The probe's penalty: half the squared weights on standardised activations, beside a mean loss per vector."""
PROBE_STEPS = 200
RANK_TOLERANCE = 1e-6


def pca_basis(vectors: Tensor, size: int) -> Tensor:
    """The leading principal components, largest variance first, of vectors [vector, dim]; shape [dim, size].

    Each is signed so that its largest coordinate is positive.
    """
    centred = vectors.double() - vectors.double().mean(0)
    components = torch.linalg.eigh(centred.T @ centred).eigenvectors.flip(1)[:, :size]
    largest = components.gather(0, components.abs().argmax(0, keepdim=True))
    basis: Tensor = (components * largest.sign()).float()
    return basis


def difference_basis(vectors: Tensor, values: list[Tensor]) -> Tensor:
    """One direction for each variable: from the mean at its value 0 to that at 1; shape [dim, variable].

    Args:
        vectors: shape [vector, dim].
        values: the codes of each variable, 0 or 1, shape [vector] each.

    Directions are unit and orthonormalised in order. Where a variable's means do not differ its direction is arbitrary.
    """
    exact = vectors.double()
    directions = [exact[codes == 1].mean(0) - exact[codes == 0].mean(0) for codes in values]
    return orthonormalise(torch.stack(directions, 1)).float()


def probe_basis(vectors: Tensor, values: list[Tensor], sizes: tuple[int, ...]) -> Tensor:
    """The directions that probes of each variable's value read, leading ones first; shape [dim, sum of sizes].

    Args:
        vectors: shape [vector, dim].
        values: the codes of each variable, shape [vector] each.
        sizes: how many directions each variable gets.

    A probe is a multinomial logistic regression on standardised vectors with an L2 penalty, fitted by L-BFGS on all
    vectors; its directions are the left singular vectors of the class-centred weights. One probe of v values spans
    v - 1 directions at most: where a size asks for more, the next probe is fitted on what the directions found so far
    leave (iterative nullspace projection, Ravfogel et al. 2020, arXiv 2004.07667). So are later variables' probes.
    """
    exact = vectors.double() - vectors.double().mean(0)
    found = exact.new_zeros(exact.shape[1], 0)
    for codes, size in zip(values, sizes, strict=True):
        wanted = found.shape[1] + size
        while found.shape[1] < wanted:
            left = exact - exact @ found @ found.T
            weights = _probe_weights(left, codes)
            weights = weights - found @ (found.T @ weights)
            u, s, _ = torch.linalg.svd(weights, full_matrices=False)
            rank = max(1, int((s > RANK_TOLERANCE * s[0]).sum()))
            found = orthonormalise(torch.cat([found, u[:, : min(rank, wanted - found.shape[1])]], 1))
    return found.float()


def _probe_weights(vectors: Tensor, codes: Tensor) -> Tensor:
    """Class-centred weights of the probe in the coordinates of the vectors themselves, shape [dim, class]."""
    _, classes = torch.unique(codes, return_inverse=True)
    scale = vectors.std(0)
    scale = torch.where(scale > RANK_TOLERANCE * scale.max(), scale, torch.inf)  # what does not vary tells nothing
    standard = vectors / scale
    weights = vectors.new_zeros(vectors.shape[1], int(classes.max()) + 1, requires_grad=True)
    bias = vectors.new_zeros(weights.shape[1], requires_grad=True)
    optimizer = torch.optim.LBFGS([weights, bias], max_iter=PROBE_STEPS, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(standard @ weights + bias, classes) + L2 / 2 * weights.square().sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    found = weights.detach() / scale[:, None]
    return found - found.mean(1, keepdim=True)
