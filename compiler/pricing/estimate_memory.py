"""The memory that a plan needs: an estimate, from what engines keep of networks and what one batch holds."""

from ...lang.record import record
from ..budgets import CAPTURE_ROOM
from ..plan import ItemsStep, Plan
from .count_held import count_held
from .distinct_inputs import is_keys
from .running import Network, Running

LIBRARIES = {False: 320 << 20, True: 400 << 20}
"""What Python and its libraries take before a network is run, as measured; more where it is a transformer."""


@record
class Memory:
    """Bytes at the peak, and what of `captures` lies in files instead.

    What Python and its `libraries` take, the `items` with the tables that they are drawn from, the `weights` of all
    networks that are run, their `captures`, and the largest `batch`.
    """

    libraries: int = 0
    items: int = 0
    weights: int = 0
    captures: int = 0
    batch: int = 0
    in_files: int = 0

    @property
    def peak(self) -> int:
        """All that is held at once."""
        return self.libraries + self.items + self.weights + self.captures + self.batch


def estimate_memory(plan: Plan, running: Running) -> Memory:
    """The memory of all that was priced. Items are those that were drawn to price it, with their tables as they are.

    A captured stage takes distinct inputs x positions that are kept x width x bytes of a number; what of it is above a
    quarter of the room for captures lies in files. Keys and values take what room is left, at most, and all networks
    share it. A batch holds of each of its inputs a layer's activations (of a training those of all layers on the way
    back) and its logits.
    """
    captures, files = 0, 0
    networks = {network.key: network for network in running.networks.values()}
    loaded = {network.source.key: network.weight for network in networks.values()}
    for network in networks.values():
        states, keys = _captured(running, network)
        held = sum(min(size, CAPTURE_ROOM // 4) for size in states)
        files += sum(states) - held
        captures += held + min(max(0, CAPTURE_ROOM - held), sum(keys))
    batch = max((n.most_numbers * n.weight.bytes for n in networks.values()), default=0)
    weights = sum(weight.parameters * weight.bytes for weight in loaded.values())
    libraries = max((LIBRARIES[network.spoken] for network in networks.values()), default=0)
    items = count_held(step.population for step in plan.steps() if isinstance(step, ItemsStep))
    return Memory(libraries, items, weights, min(CAPTURE_ROOM, captures), batch, files)


def _captured(running: Running, network: Network) -> tuple[list[int], list[int]]:
    """The bytes of every stage's states, and of keys and values."""
    weight, states, keys = network.weight, list(network.held.values()), list[int]()
    for (key, _, what), inputs in running.seen.known.items():
        if key != network.key:
            continue
        if isinstance(what, int):
            states.append(len(inputs) * weight.positions * weight.width * weight.bytes)
        elif is_keys(what):
            later = weight.keys * (weight.last - what[0]) // max(1, weight.last)
            keys.append(len(inputs) * what[1] * later * weight.bytes)
    return states, keys
