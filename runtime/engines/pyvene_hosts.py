"""What pyvene is given of a network: the module that it wraps and calls, and the modules that it hooks."""

from dataclasses import dataclass
from typing import Any, Protocol

from torch import Tensor, nn

from ..errors import EngineRefusal
from ..networks import PlainNetwork
from ..networks.protocol import Network


@dataclass(frozen=True)
class HookedSite:
    """Where a site is met: at the `output` or the `input` of a module, whose vectors have `width` dims.

    `columns` are those that the site is, in its order.
    """

    path: str
    end: str
    width: int
    columns: tuple[int, ...]

    @property
    def component(self) -> str:
        """The site as pyvene writes it."""
        return f"{self.path}.{self.end}"


class PyveneHost(Protocol):
    """A network as pyvene sees it."""

    @property
    def root(self) -> nn.Module:
        """The module that is wrapped."""

    def inputs(self, tokens: Tensor) -> dict[str, Any]:
        """What it is called with for tokens [item, token]."""

    def logits(self, output: Any) -> Tensor:
        """Logits, shape [item, position, class], of what it returns."""

    def hooked(self, component: str, layer: int | None, width: int) -> HookedSite:
        """Where a site of this width is met.

        Raises:
            EngineRefusal: no module has it.
        """


def host_of(network: Network) -> PyveneHost:
    """The host of a network."""
    return _Plain(network) if isinstance(network, PlainNetwork) else _Transformer(network)


@dataclass(frozen=True)
class _Plain:
    root: PlainNetwork

    def inputs(self, tokens: Tensor) -> dict[str, Any]:
        return {"tokens": tokens}

    def logits(self, output: Any) -> Tensor:
        logits: Tensor = output
        return logits

    def hooked(self, component: str, layer: int | None, width: int) -> HookedSite:
        return HookedSite(self.root.site_path(component, layer), "output", width, tuple(range(width)))


class _Transformer:
    """A network of the transformers library."""

    def __init__(self, network: Any) -> None:
        self.network, self.root = network, network.model

    def inputs(self, tokens: Tensor) -> dict[str, Any]:
        found: dict[str, Any] = self.network.model_inputs(tokens)
        return found

    def logits(self, output: Any) -> Tensor:
        logits: Tensor = output.logits.float()
        return logits

    def hooked(self, component: str, layer: int | None, width: int) -> HookedSite:
        try:
            path, end, columns = self.network.hooked(component, layer)
        except ValueError as problem:
            raise EngineRefusal(str(problem)) from None
        whole = width if columns is None else 3 * width
        return HookedSite(
            path, "output" if end == "gives" else "input", whole, tuple(range(width)) if columns is None else columns
        )
