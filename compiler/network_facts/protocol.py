"""The protocol of the compiler: what a network is, as far as a spec can be checked against it."""

from typing import Protocol


class NetworkFacts(Protocol):
    """What a network reads, which sites and positions it has, and what it answers."""

    def __hash__(self) -> int:
        """Facts are records: what follows from them is kept by them."""

    @property
    def vocabulary(self) -> int:
        """Token ids are 0 .. vocabulary - 1; 0 where it reads numbers."""

    @property
    def reads_numbers(self) -> bool:
        """Whether it is fed numbers as they are, in place of tokens; what is said of tokens is then said of these."""

    @property
    def classes(self) -> int:
        """Class indices are 0 .. classes - 1."""

    @property
    def frozen(self) -> tuple[str, ...]:
        """The tensors that `random(N)` copies."""

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Every tensor's name and shape, in the order in which they are drawn."""

    def accepts(self, tokens: int) -> bool:
        """Whether an input may have this many tokens."""

    @property
    def token_counts(self) -> str:
        """How many tokens an input may have, in words: `4`, `1 to 6`."""

    def positions(self, tokens: int) -> int | None:
        """How many positions the activations of an input of this many tokens have; None: sites have no position."""

    def token_position(self, index: int, tokens: int) -> int:
        """The position at which the index-th (from 0) of this many tokens stands; 0 without positions."""

    def layers(self, component: str) -> tuple[int | None, ...]:
        """The layers at which a component has a site, earliest first: (None,) if it has no layer, () if unknown."""

    def width(self, component: str, layer: int | None) -> int | None:
        """The number of dims of a site (at each position); None where the network has no such site."""

    def module_width(self, path: str) -> int | None:
        """The number of dims of what the module at a dotted path gives, at each position; None where unknown."""

    def heads_of(self, component: str) -> int:
        """How many heads a component has in each layer; 0 where it has none."""

    @property
    def parallel(self) -> bool:
        """Whether attention and MLP of a layer read the same stream, so that neither depends on the other."""

    @property
    def last_layer(self) -> int:
        """The layer of `last_site`."""

    @property
    def first_site(self) -> tuple[str, int]:
        """Component and layer of the first site of a layer: nothing is computed there yet."""

    def next_site(self, component: str, layer: int | None) -> tuple[str, int] | None:
        """Component and layer of the stage after a site; None where what follows is the output."""

    @property
    def last_site(self) -> tuple[str, int]:
        """Component and layer of the last site before the logits."""

    @property
    def sites(self) -> str:
        """The sites, in words: `hidden[0]` to `hidden[3]` and `logits`."""

    @property
    def sites_help(self) -> str:
        """What the sites are, in words."""
