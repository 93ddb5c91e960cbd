"""The memory that a plan needs: an estimate, from what engines keep of networks and what one batch holds."""

from dataclasses import dataclass

from ..budgets import CAPTURE_ROOM
from .run_price import Network, Running


@dataclass(frozen=True)
class Memory:
    """Bytes at the peak, above what Python and its libraries take, and what of `captures` lies in a file instead.

    `weights` of all networks that are run, their `captures` (the engine `fused` keeps the states of unedited runs, and
    keys and values of positions before the edits), and the largest `batch`.
    """

    weights: int = 0
    captures: int = 0
    batch: int = 0
    in_files: int = 0

    @property
    def peak(self) -> int:
        """All that is held at once."""
        return self.weights + self.captures + self.batch


def estimate_memory(running: Running) -> Memory:
    """The memory of all that was priced.

    A captured stage takes distinct inputs x positions x width x bytes of a number; above a quarter of the room for
    captures it lies in a file. Keys and values take what room is left, at most. A batch holds of each of its inputs a
    layer's activations (of a training those of all layers on the way back) and its logits.
    """
    captures, files = 0, 0
    networks = {network.key: network for network in running.networks.values()}
    loaded = {network.source.key: network.weight for network in networks.values()}
    for network in networks.values():
        stages = [size for size in _captured(running, network) if size]
        held = sum(size for size in stages if size <= CAPTURE_ROOM // 4)
        files += sum(stages) - held
        captures += held + min(max(0, CAPTURE_ROOM - held), _keys(running, network))
    batch = max((n.most_numbers * n.weight.bytes for n in networks.values()), default=0)
    weights = sum(weight.parameters * weight.bytes for weight in loaded.values())
    return Memory(weights, captures, batch, files)


def _captured(running: Running, network: Network) -> list[int]:
    """The bytes of every stage that is captured."""
    weight = network.weight
    each = weight.positions * weight.width * weight.bytes
    return [len(inputs) * each for (key, _, _), inputs in running.seen.known.items() if key == network.key]


def _keys(running: Running, network: Network) -> int:
    """The bytes of keys and values of all positions but one, of the inputs in which is intervened."""
    weight, seen = network.weight, running.seen.known
    if not network.fused or not network.intervened or not weight.keys:
        return 0
    inputs = max((len(found) for (key, _, _), found in seen.items() if key == network.key), default=0)
    return inputs * (weight.positions - 1) * weight.keys * weight.bytes
