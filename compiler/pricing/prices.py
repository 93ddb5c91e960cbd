"""A price: how many passes through networks something takes, and how many operations they are."""

from collections.abc import Iterable

from ...lang.record import record


@record
class Price:
    """Passes through networks; a pass is one input once.

    `clean` are runs without edits, from the input on. `forward` are intervened runs and `backward` the ways back from a
    loss to the edits: with the engine `fused` from the first edited stage on, else whole ones. `flops` are the
    operations of the matrix products of all of them.
    """

    clean: int = 0
    forward: int = 0
    backward: int = 0
    flops: int = 0

    def plus(self, other: "Price") -> "Price":
        """Both together."""
        return Price(
            self.clean + other.clean,
            self.forward + other.forward,
            self.backward + other.backward,
            self.flops + other.flops,
        )


def add_prices(prices: Iterable[Price]) -> Price:
    """All together."""
    whole = Price()
    for price in prices:
        whole = whole.plus(price)
    return whole
