"""Train networks on hierarchical equality: in goes a seed, out comes a checkpoint that a `.cspec` file can name.

The task is `same = (w == x) == (y == z)` over 512 symbols. A symbol is a point in R^4, drawn once and never trained, so
that a network has to compare points and cannot learn names. The network is a multilayer perceptron: four symbols side
by side (16 numbers), three ReLU layers of 16, two classes (1 is true).

Task and architecture follow Geiger et al., "Finding Alignments Between Interpretable Causal Variables and Distributed
Neural Representations" (arXiv 2303.02536).
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor, nn

SYMBOLS = 512
INPUTS = 4
POINT = 4  # coordinates of a symbol
HIDDEN = (16, 16, 16)
CLASSES = 2

BATCH = 1024
PEAK_RATE = 5e-3
FRESH = 100_000  # inputs that the reported accuracy is measured on
REQUIRED = 0.999

CONFIG = {
    "architecture": "mlp",
    "vocab": SYMBOLS,
    "inputs": INPUTS,
    "embed": POINT,
    "hidden": list(HIDDEN),
    "classes": CLASSES,
    "activation": "relu",
    "frozen": ["embed.weight"],
}


class Network(nn.Module):
    """The perceptron; its parameters carry the names that the checkpoint format asks for."""

    def __init__(self) -> None:
        super().__init__()
        points = torch.rand(SYMBOLS, POINT) * 2 - 1
        self.embed = nn.Embedding.from_pretrained(points)  # type: ignore[no-untyped-call]  # frozen
        widths = (INPUTS * POINT, *HIDDEN)
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.head = nn.Linear(HIDDEN[-1], CLASSES)

    def forward(self, symbols: Tensor) -> Tensor:
        """Logits `[batch, class]` of symbols `[batch, input]`."""
        state = self.embed(symbols).flatten(1)
        for layer in self.layers:
            state = torch.relu(layer(state))
        logits: Tensor = self.head(state)
        return logits


def draw_inputs(count: int) -> tuple[Tensor, Tensor]:
    """Inputs `[count, 4]` and labels `[count]`; each of the four (w == x, y == z) has probability one quarter."""
    left, right = torch.randint(0, 2, (2, count)).bool()
    w, y = torch.randint(0, SYMBOLS, (2, count))
    # A shift of at least 1 never returns to the start, so that unequal symbols need no rejection.
    shift_x, shift_z = torch.randint(1, SYMBOLS, (2, count))
    x = torch.where(left, w, (w + shift_x) % SYMBOLS)
    z = torch.where(right, y, (y + shift_z) % SYMBOLS)
    return torch.stack([w, x, y, z], dim=1), (left == right).long()


def train_network(seed: int, steps: int) -> tuple[Network, float]:
    """Train one network; also its accuracy on inputs drawn afresh. Symbols, weights and batches all follow `seed`."""
    torch.set_num_threads(1)  # the sums' order, and so the weights, would depend on the number of threads
    torch.manual_seed(seed)
    network = Network()
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimizer = torch.optim.Adam(trained, lr=PEAK_RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_RATE, total_steps=steps)
    for _ in range(steps):
        symbols, labels = draw_inputs(BATCH)
        loss = nn.functional.cross_entropy(network(symbols), labels)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        symbols, labels = draw_inputs(FRESH)
        accuracy = (network(symbols).argmax(1) == labels).double().mean().item()
    return network, accuracy


def write_atomically(path: Path, content: bytes) -> None:
    """Write a temporary file beside `path` and rename it, so that no reader ever sees half a checkpoint."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def write_network(target: tuple[int, Path], steps: int) -> tuple[Path, float]:
    """Train the network of one (seed, path) and write it there; the path and the accuracy."""
    seed, path = target
    network, accuracy = train_network(seed, steps)
    tensors = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    write_atomically(path, save(tensors, metadata={"cspec.config": json.dumps(CONFIG)}))
    return path, accuracy


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Train networks that decide (w == x) == (y == z) over 512 symbols, and write them as safetensors.",
        epilog="The same seed gives the same file, byte for byte, on the same machine and version of torch.",
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--out", type=Path, metavar="FILE", help="train one network and write it to FILE")
    what.add_argument(
        "--all", type=Path, metavar="FOLDER", help="train the networks of seeds 0 to 9 into FOLDER/seed-N.safetensors"
    )
    parser.add_argument("--seed", type=int, metavar="N", help="seed of the one network (with --out; default 0)")
    parser.add_argument("--steps", type=int, default=20_000, metavar="N", help="training steps (default 20000)")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="processes that --all uses (default 2)")
    options = parser.parse_args(arguments)
    if options.all is not None and options.seed is not None:
        parser.error("--all trains the seeds 0 to 9: give --seed only with --out")
    return options


def main() -> int:
    """Train what the command line asks for; exit code 1 if a network misses the required accuracy."""
    options = parse_arguments()
    targets = (
        [(options.seed or 0, options.out)]
        if options.out is not None
        else [(seed, options.all / f"seed-{seed}.safetensors") for seed in range(10)]
    )
    missed = False
    with ProcessPoolExecutor(min(options.workers, len(targets)), mp_context=get_context("spawn")) as pool:
        for path, accuracy in pool.map(partial(write_network, steps=options.steps), targets):
            print(f"{path}: accuracy {accuracy:.5f} on {FRESH:,} fresh inputs", flush=True)
            missed |= accuracy < REQUIRED
    if missed:
        print(f"an accuracy is below {REQUIRED}: train longer or with another seed", file=sys.stderr)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
