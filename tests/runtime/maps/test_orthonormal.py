"""Frames: the law that they are drawn by, the gradient along frames, the way back, and what a trained frame finds."""

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
def test_the_gradient_says_how_the_loss_changes_along_frames(dim: int, size: int) -> None:
    """Its product with a direction in which a frame can move is the loss's derivative along the curve of frames."""
    frame, target = open_frame(dim, size), numbers(dim, size, seed=1)
    loss = (frame.weight * target).sum() + frame.weight[0].pow(3).sum()
    loss.backward()  # type: ignore[no-untyped-call]
    gradient, weight = frame.weight.grad, frame.weight.detach().double()
    assert gradient is not None
    inner = weight.T @ gradient.double()
    torch.testing.assert_close(inner, -inner.T, atol=1e-6, rtol=0)  # what frames allow to first order
    skew = numbers(dim, dim, seed=2).double()
    skew = skew - skew.T

    def at(time: float) -> float:
        moved = torch.linalg.matrix_exp(time * skew) @ weight
        return float((moved * target).sum() + moved[0].pow(3).sum())

    slope = (at(1e-4) - at(-1e-4)) / 2e-4
    assert float((gradient * (skew @ weight)).sum()) == pytest.approx(slope, abs=1e-5)


def test_a_step_is_led_back_to_the_frame_that_gram_and_schmidt_make_of_it() -> None:
    frame = open_frame(6, 3)
    with torch.no_grad():
        frame.weight.add_(0.3 * numbers(6, 3, seed=3))
    expected = orthonormalise(frame.weight.detach().clone())
    frame.retract()
    torch.testing.assert_close(frame.weight.detach(), expected)
    torch.testing.assert_close(expected.T @ expected, torch.eye(3))


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
    frame.retract()
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
        frame.retract()
    found = frame.finished()
    torch.testing.assert_close(found @ found.T, torch.diag(torch.tensor([0.0, 1, 0, 1, 0, 0])), atol=2e-3, rtol=0)


def test_the_nearest_orthonormal_frame() -> None:
    """Of a frame stretched along its own axes it is the frame itself."""
    plain = orthonormalise(numbers(6, 3))
    torch.testing.assert_close(orthonormal(plain @ torch.diag(torch.tensor([0.5, 1.5, 3.0]))), plain)
    torch.testing.assert_close(orthonormal(plain), plain)
