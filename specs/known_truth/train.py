"""Draw one network and train two, of which it is known what they cannot hold.

    python specs/known_truth/train.py

- `memory.safetensors`: symbols are one-hot, and each of the four inputs has weights of its own for each symbol. It is
  trained on symbols 0..23 alone, so that the weights of 24..47 stay as they were drawn: what it says of them cannot
  depend on which of them are equal.
- `untrained.safetensors`: nothing of it is trained.
- `random_features.safetensors`: layer 1 stays as it was drawn, and the layers after it are trained until the task is
  solved.

The same versions and machine give the same files, byte for byte.
"""

import json
from itertools import pairwise
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

FOLDER = Path(__file__).resolve().parent
INPUTS, CLASSES = 4, 2
BATCH = 512
FRESH = 50_000
"""Inputs that the printed accuracy is measured on."""


class Network(nn.Module):
    """A perceptron over embedded symbols; its parameters carry the names that the checkpoint format asks for."""

    def __init__(self, symbols: Tensor, hidden: tuple[int, ...]) -> None:
        super().__init__()
        self.embed = nn.Embedding.from_pretrained(symbols)  # type: ignore[no-untyped-call]  # frozen
        widths = (INPUTS * symbols.shape[1], *hidden)
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.head = nn.Linear(hidden[-1], CLASSES)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits `[batch, class]` of tokens `[batch, input]`."""
        state = self.embed(tokens).flatten(1)
        for layer in self.layers:
            state = torch.relu(layer(state))
        logits: Tensor = self.head(state)
        return logits


def draw_inputs(count: int, low: int, high: int) -> tuple[Tensor, Tensor]:
    """Inputs `[count, 4]` of symbols low .. high-1, and labels; each of the four (w == x, y == z) is equally likely."""
    left, right = torch.randint(0, 2, (2, count)).bool()
    number = high - low
    w, y = torch.randint(0, number, (2, count))
    # A shift of at least 1 never returns to the start, so that unequal symbols need no rejection.
    shift_x, shift_z = torch.randint(1, number, (2, count))
    x = torch.where(left, w, (w + shift_x) % number)
    z = torch.where(right, y, (y + shift_z) % number)
    return torch.stack([w, x, y, z], dim=1) + low, (left == right).long()


def train_network(network: Network, steps: int, rate: float, low: int, high: int) -> None:
    """Train what requires a gradient, with Adam on fresh inputs at a rate that rises and falls."""
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimizer = torch.optim.Adam(trained, lr=rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps)
    for _ in range(steps):
        tokens, labels = draw_inputs(BATCH, low, high)
        loss = nn.functional.cross_entropy(network(tokens), labels)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()


def measure_accuracy(network: Network, low: int, high: int) -> float:
    """The share of right answers on fresh inputs of symbols low .. high-1."""
    tokens, labels = draw_inputs(FRESH, low, high)
    with torch.no_grad():
        return float((network(tokens).argmax(1) == labels).double().mean())


def save_network(name: str, network: Network, frozen: list[str]) -> None:
    """Write a checkpoint beside this script."""
    config = {
        "architecture": "mlp",
        "vocab": network.embed.num_embeddings,
        "inputs": INPUTS,
        "embed": network.embed.embedding_dim,
        "hidden": [layer.out_features for layer in network.layers],
        "classes": CLASSES,
        "activation": "relu",
        "frozen": frozen,
    }
    tensors = {key: tensor.contiguous() for key, tensor in network.state_dict().items()}
    save_file(tensors, FOLDER / f"{name}.safetensors", metadata={"cspec.config": json.dumps(config)})


def draw_untrained() -> None:
    """Three layers of 16 over points in R^4, as in `specs/hierarchical_equality`, and no training."""
    torch.manual_seed(0)
    network = Network(torch.rand(64, 4) * 2 - 1, (16, 16, 16))
    print(f"untrained: accuracy {measure_accuracy(network, 0, 64):.4f}")
    save_network("untrained", network, ["embed.weight"])


def train_memory() -> None:
    """Symbols without anything in common, half of which are never shown."""
    torch.manual_seed(0)
    network = Network(torch.eye(48), (64, 16))
    train_network(network, steps=3000, rate=5e-3, low=0, high=24)
    shown, unseen = measure_accuracy(network, 0, 24), measure_accuracy(network, 24, 48)
    print(f"memory: accuracy {shown:.4f} on the symbols shown, {unseen:.4f} on the others")
    save_network("memory", network, ["embed.weight"])


def train_random_features() -> None:
    """A layer of random features that stays as it was drawn."""
    torch.manual_seed(0)
    network = Network(torch.rand(64, 4) * 2 - 1, (64, 32, 16))
    network.layers[0].requires_grad_(False)
    train_network(network, steps=8000, rate=5e-3, low=0, high=64)
    print(f"random features: accuracy {measure_accuracy(network, 0, 64):.4f}")
    save_network("random_features", network, ["embed.weight", "layers.0.weight", "layers.0.bias"])


def main() -> None:
    """Draw, train and write all networks."""
    torch.set_num_threads(1)  # the order of sums, and so the weights, would depend on the number of threads
    draw_untrained()
    train_memory()
    train_random_features()


if __name__ == "__main__":
    main()
