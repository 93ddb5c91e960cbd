"""Queries, keys and values out of the one vector that some projections give, and back into it.

Taken out, head h owns dims h * head_width .. (h + 1) * head_width - 1, whatever the order inside.
"""

from torch import Tensor

from .families import Port


def unpack(whole: Tensor, port: Port, heads: int) -> Tensor:
    """The part of a projection's output [item, position, ...] that is a component: [item, position, heads * width]."""
    if port.packing == "alone":
        return whole
    part = _thirds(whole, port, heads)[..., port.third, :]
    return part.flatten(-2) if port.packing == "by head" else part


def pack(whole: Tensor, port: Port, heads: int, part: Tensor) -> Tensor:
    """A projection's output with a component [item, position, heads * width] in place of what stood there."""
    if port.packing == "alone":
        return part
    changed = whole.clone()
    into = _thirds(changed, port, heads)[..., port.third, :]
    into.copy_(part.view(into.shape))
    return changed


def columns_of(port: Port, heads: int, width: int) -> tuple[int, ...] | None:
    """The columns of a projection's output that a component of this width is, in its own order; None for all."""
    if port.packing == "alone":
        return None
    if port.packing == "side by side":
        return tuple(range(port.third * width, (port.third + 1) * width))
    head = width // heads
    return tuple((3 * h + port.third) * head + column for h in range(heads) for column in range(head))


def _thirds(whole: Tensor, port: Port, heads: int) -> Tensor:
    """A view [item, position, (head,) third, ...]."""
    inner = (heads, 3, -1) if port.packing == "by head" else (3, -1)
    return whole.view(*whole.shape[:-1], *inner)
