"""Maps in closed form, on activations whose right answer is known by construction."""

import pytest
import torch
from cspec.runtime.fitting.closed_forms import difference_basis, pca_basis, probe_basis
from torch import Tensor


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def directions(dim: int, count: int, seed: int = 9) -> Tensor:
    found: Tensor = torch.linalg.qr(normal(dim, count, seed=seed)).Q
    return found


def within(basis: Tensor, wanted: Tensor) -> float:
    """The least cosine between a wanted direction and the space of the basis."""
    return float((basis.T @ wanted).norm(dim=0).min())


def check_orthonormal(basis: Tensor) -> None:
    torch.testing.assert_close(basis.T @ basis, torch.eye(basis.shape[1]), atol=1e-5, rtol=0)


def test_principal_components_come_by_variance_and_signed() -> None:
    axes, scale = directions(6, 6), torch.tensor([1.0, 5, 0.2, 3, 0.1, 2])
    white = torch.linalg.qr(normal(400, 6) - normal(400, 6).mean(0)).Q  # columns orthonormal and of mean zero
    vectors = (white * scale) @ axes.T + 7.0
    basis = pca_basis(vectors, 3)
    check_orthonormal(basis)
    torch.testing.assert_close((basis.T @ axes).abs(), torch.eye(6)[[1, 3, 5]], atol=2e-3, rtol=0)
    assert bool((basis.gather(0, basis.abs().argmax(0, keepdim=True)) > 0).all())


def test_the_difference_of_means_is_found_under_larger_noise() -> None:
    direction = directions(5, 2)
    codes = torch.arange(8000) % 2
    vectors = 10 * normal(4000, 5).repeat_interleave(2, 0) + codes[:, None] * 0.5 * direction[:, 0]
    basis = difference_basis(vectors, [codes])
    torch.testing.assert_close(basis[:, 0], direction[:, 0], atol=1e-4, rtol=0)


def test_differences_of_several_variables_are_orthonormalised_in_order() -> None:
    first, second = torch.tensor([2.0, 0, 0]), torch.tensor([1.0, 1, 0])
    left, right = torch.arange(400) % 2, torch.arange(400) // 2 % 2
    vectors = left[:, None] * first + right[:, None] * second
    torch.testing.assert_close(difference_basis(vectors, [left, right]), torch.eye(3)[:, :2])
    swapped = difference_basis(vectors, [right, left])
    torch.testing.assert_close(swapped[:, 0], second / second.norm())
    torch.testing.assert_close(swapped[:, 1], torch.tensor([0.5, -0.5, 0]) * 2**0.5)


def test_means_that_do_not_differ_still_give_a_frame() -> None:
    codes = torch.arange(10) % 2
    check_orthonormal(difference_basis(torch.zeros(10, 4), [codes, codes]))


def test_a_probe_reads_what_a_value_depends_on_whatever_else_varies() -> None:
    axes = directions(6, 6)
    coordinates = normal(6000, 6) * torch.tensor([1.0, 8, 8, 8, 8, 8])
    codes = (coordinates[:, 0] > 0).long()
    basis = probe_basis(coordinates @ axes.T, [codes], (1,))
    assert within(basis, axes[:, :1]) > 0.99
    assert within(pca_basis(coordinates @ axes.T, 1), axes[:, :1]) < 0.2


def test_three_values_span_a_plane() -> None:
    axes = directions(5, 5)
    coordinates = normal(6000, 5)
    codes = torch.stack([coordinates[:, 0], coordinates[:, 1], -coordinates[:, 0] - coordinates[:, 1]], 1).argmax(1)
    basis = probe_basis(coordinates @ axes.T, [codes], (2,))
    check_orthonormal(basis)
    assert within(basis, axes[:, :2]) > 0.99


def test_codes_may_be_any_whole_numbers() -> None:
    vectors = normal(500, 4)
    codes = (vectors[:, 2] > 0).long()
    torch.testing.assert_close(probe_basis(vectors, [codes], (1,)), probe_basis(vectors, [40 + 7 * codes], (1,)))


def test_a_size_beyond_the_values_takes_further_probes_of_what_is_left() -> None:
    """Dims 0 and 1 share a noise that their difference cancels; without it, their sum still tells something."""
    codes = torch.arange(6000) % 2
    noise, small = 2 * normal(6000), normal(6000, 3, seed=1)
    vectors = torch.stack([codes + noise, noise, 0 * noise], 1) + small * torch.tensor([0.5, 0.5, 3.0])
    basis = probe_basis(vectors, [codes], (2,))
    check_orthonormal(basis)
    assert within(basis[:, :1], torch.tensor([[1.0], [-1], [0]]) / 2**0.5) > 0.99
    assert within(basis[:, 1:], torch.tensor([[1.0], [1], [0]]) / 2**0.5) > 0.99


@pytest.mark.parametrize("sizes", [(1, 1), (2, 1), (1, 3)])
def test_blocks_of_several_variables_are_orthogonal(sizes: tuple[int, int]) -> None:
    vectors = normal(3000, 5)
    left, right = (vectors[:, 0] > 0).long(), (vectors[:, 0] + vectors[:, 1] > 0).long()
    basis = probe_basis(vectors, [left, right], sizes)
    check_orthonormal(basis)
    assert within(basis[:, : sizes[0]], torch.eye(5)[:, :1]) > 0.99


def test_dims_that_do_not_vary_are_left_alone() -> None:
    vectors = normal(2000, 4)
    vectors[:, 3] = 5.0
    basis = probe_basis(vectors, [(vectors[:, 0] > 0).long()], (1,))
    assert float(basis[3].abs().max()) < 1e-6
    assert bool(torch.isfinite(basis).all())
