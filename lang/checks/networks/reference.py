"""A reference to a network as written -> the network that is meant, or draws of it."""

from ...record import record
from ...scope import Names
from ...suggest import suggest
from ...syntax.networks import NetworkReference


@record
class NetworkMeant:
    """A declared network, or the draws of `random(N)`; `ungated` where it is used so."""

    name: str
    random: bool
    ungated: bool = False


def check_network_reference(reference: NetworkReference, names: Names) -> NetworkMeant | None:
    """`N` or `random(N)`; None after an error."""
    wrapper, network = reference.wrapper, reference.network
    if wrapper is not None and wrapper.text != "random":
        names.report.error(
            "CS101",
            f"expected `random`, found `{wrapper.text}`",
            wrapper.span,
            help=suggest(wrapper.text, ["random"], "choices"),
        )
        return None
    if network.text == "random" and network.text not in names.networks.entries:
        names.report.error(
            "CS101", "`random` of which network", network.span, help="write `random(N)` with a network's name"
        )
        return None
    if names.find(names.networks, network) is None:
        return None
    return NetworkMeant(network.text, wrapper is not None, reference.ungated)
