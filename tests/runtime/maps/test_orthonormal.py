"""Frames: the law that they are drawn by, the gradient through the QR factor, and what a trained frame finds."""

import pytest
import torch
from cspec.runtime.maps.orthonormal import OrthonormalFrame, orthonormal, orthonormalise
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks


def numbers(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def open_frame(dim: int, size: int, seed: int = 0) -> OrthonormalFrame:
    frame = OrthonormalFrame(dim, size)
    frame.draw(torch.Generator().manual_seed(seed))
    return frame


def test_columns_are_gram_and_schmidts() -> None:
    """Column by column: what the earlier ones leave of it, to unit length."""
    matrix = numbers(7, 3).double()
    expected: list[Tensor] = []
    for column in matrix.T:
        left = column - sum((direction * (direction @ column) for direction in expected), torch.zeros(7).double())
        expected.append(left / left.norm())
    torch.testing.assert_close(orthonormalise(matrix), torch.stack(expected, 1))


def test_a_frame_stands_for_itself_and_moves_little_where_the_matrix_does() -> None:
    for seed in range(20):
        frame = orthonormalise(numbers(5, 3, seed=seed))
        torch.testing.assert_close(orthonormalise(frame), frame)
        nudged = orthonormalise(frame + 1e-4 * numbers(5, 3, seed=seed + 100))
        assert float((nudged - frame).abs().max()) < 1e-3


@pytest.mark.parametrize(("dim", "size"), [(6, 2), (4, 4), (5, 1)])
def test_the_gradient_is_that_of_finite_differences(dim: int, size: int) -> None:
    matrix = numbers(dim, size).double().requires_grad_(True)
    assert torch.autograd.gradcheck(orthonormalise, (matrix,))  # type: ignore[no-untyped-call]


def test_frames_are_drawn_uniformly() -> None:
    """Every direction is as likely as its opposite, and coordinates have the moments 1/d and 3/(d (d + 2))."""
    generator, frame, draws = torch.Generator().manual_seed(0), OrthonormalFrame(4, 3), 4000
    found = []
    for _ in range(draws):
        frame.draw(generator)
        found.append(frame.finished())
    drawn = torch.stack(found)
    for moment, expected in ((1, 0.0), (2, 1 / 4), (4, 3 / 24)):
        torch.testing.assert_close(drawn.pow(moment).mean(0), torch.full((4, 3), expected), atol=0.035, rtol=0)
    assert 0.45 < float((torch.linalg.det(torch.cat([drawn, _completed(drawn)], 2)) > 0).float().mean()) < 0.55


def _completed(frames: Tensor) -> Tensor:
    """A last column for each frame [draw, 4, 3], its first coordinate positive."""
    rest = torch.linalg.svd(frames).U[:, :, 3:]
    return rest * rest[:, :1].sign()


def test_nothing_is_as_large_as_the_site_squared() -> None:
    dim, size = 3000, 4
    kept: list[int] = []

    def keep(tensor: Tensor) -> Tensor:
        kept.append(tensor.numel())
        return tensor

    frame = open_frame(dim, size)
    with saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = (numbers(2, dim) @ frame.weight).square().sum()
    loss.backward()  # type: ignore[no-untyped-call]
    assert kept
    assert max(kept) <= dim * size
    assert [parameter.shape for parameter in frame.parameters()] == [(dim, size)]


def test_a_frame_that_keeps_the_most_variance_spans_the_principal_components() -> None:
    """A theorem (Eckart and Young): here the axes, whose spreads differ."""
    spreads = torch.tensor([0.3, 3.0, 0.1, 2.0, 0.5, 0.2])
    x = numbers(400, 6) * spreads
    x = torch.linalg.qr(x - x.mean(0)).Q * spreads  # uncorrelated to the last digit
    frame = open_frame(6, 2)
    optimizer = torch.optim.Adam(frame.parameters(), lr=0.05)
    for _ in range(400):
        loss = -(x @ frame.weight).square().sum()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    found = frame.finished()
    torch.testing.assert_close(found @ found.T, torch.diag(torch.tensor([0.0, 1, 0, 1, 0, 0])), atol=2e-3, rtol=0)


def test_the_nearest_orthonormal_frame() -> None:
    """Of a frame stretched along its own axes it is the frame itself."""
    plain = orthonormalise(numbers(6, 3))
    torch.testing.assert_close(orthonormal(plain @ torch.diag(torch.tensor([0.5, 1.5, 3.0]))), plain)
    torch.testing.assert_close(orthonormal(plain), plain)
