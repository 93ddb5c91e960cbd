"""Our Adam against torch's."""

import torch
from cspec.runtime.fitting.adam import BETAS, Adam
from torch import Tensor, nn


def parameters() -> list[nn.Parameter]:
    generator = torch.Generator().manual_seed(0)
    return [nn.Parameter(torch.randn(*shape, generator=generator)) for shape in ((4, 3), (5,), (2,))]


def loss(found: list[nn.Parameter]) -> Tensor:
    return (found[0].sin() * 3).sum() + found[1].pow(4).sum() + (found[0][0] @ found[0][1]) * found[1][0]


def test_steps_are_those_of_torchs_optimiser() -> None:
    """With two groups, a rate that falls, and a parameter that the loss does not know."""
    ours, theirs = parameters(), parameters()
    adam = Adam([(ours[:1], (0.5, 0.9)), (ours[1:], BETAS)])
    peer = torch.optim.Adam([{"params": theirs[:1], "betas": (0.5, 0.9)}, {"params": theirs[1:]}], lr=1.0)
    for step in range(30):
        rate = 0.1 * (1 - step / 30)
        for group in peer.param_groups:
            group["lr"] = rate
        peer.zero_grad()
        for found in (ours, theirs):
            loss(found).backward()  # type: ignore[no-untyped-call]
        adam.step(rate)
        peer.step()
        for one, other in zip(ours, theirs, strict=True):
            torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-6)
    assert all(parameter.grad is None for parameter in ours)
    assert torch.equal(ours[2], parameters()[2])
    assert not torch.equal(ours[1], parameters()[1])
