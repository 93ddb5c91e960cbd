"""A step of distributed alignment search on a transformer of GPT-2's shape, against pyvene.

One interchange of a rotated subspace of the residual stream at one position, the loss at the last position, and its
gradient by the rotation. Ours is the engine `fused` in its steady state: what clean runs give was captured before; the
capture is a row of its own, and says after how many steps it has paid for itself. pyvene as in its tutorials runs
source and base whole and gives logits everywhere; tuned, it is given the sources' activations and the logits of the
last position are computed alone. All have the same rotation, losses and gradients, which is checked.

Times are of the processor, on one thread. `floor` is the suffix's matrix products at the rate of a large product, which
is measured beside each case; a row of its own compares a step with these very products, one after the other.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from cspec.compiler.experiments import AnswerAt, Encoding
from cspec.compiler.groundings import Block, Frame, Grounding
from cspec.compiler.interpret_terms import Batch
from cspec.compiler.network_facts import TransformerFacts
from cspec.compiler.schedule import WHOLE, Beginning, CleanReads, SiteRead
from cspec.compiler.terms import NetworkWorld, interchange
from cspec.lang.places import Family
from cspec.runtime.engines import Opened, open_engine
from cspec.runtime.engines.captures import Captures
from cspec.runtime.engines.import_pyvene import import_pyvene
from cspec.runtime.engines.protocol import Engine
from cspec.runtime.maps.subspace import SubspaceMap
from cspec.runtime.networks.transformers import TransformerNetwork
from cspec.runtime.scoring.answers import answer_loss
from torch import Tensor
from transformers import GPT2Config, GPT2LMHeadModel

from .frame import matmul_rate
from .report import Duel, median_seconds, run_duel, seconds

BLOCKS, TOKENS, ITEMS, VOCABULARY, SIZE = 12, 32, 32, 50_257, 8
WIDTHS, LAYERS, REPEATS = (256, 768), (2, 6, 10), 5
WANTED = {"last": {2: 20.0, 6: 24.0, 10: 40.0}, "middle": {2: 6.0, 6: 9.0, 10: 20.0}}
ANSWERS = (11, 307)
WORLD = NetworkWorld("lm", "a")


def measure() -> list[Duel]:
    """Every width, layer and position, against pyvene as in its tutorials and tuned."""
    torch.set_num_threads(1)
    rows: list[Duel] = []
    for width in WIDTHS:
        network = open_gpt2(width)
        for layer in LAYERS:
            for name, position in (("last", TOKENS - 1), ("middle", TOKENS // 2)):
                rows += measure_case(network, layer, name, position)
    return rows


def measure_case(network: TransformerNetwork, layer: int, name: str, position: int) -> list[Duel]:
    """One site: the steps, the tuned peer, the products alone, and the capture."""
    width = network.facts.stream
    batch, labels = draw_items()
    ours = Ours(network, layer, position, batch, labels)
    tutorial = Peer(network, ours.map, layer, position, batch, labels)
    tuned = TunedPeer(network, ours.map, layer, position, batch, labels)
    expected, peer_took = gradient(tutorial, ours.map)
    took = []
    for step in (ours, tuned):
        found, taken = gradient(step, ours.map)
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-3)
        took.append(taken)
    case = f"d{width} L{layer} {name}"
    floor = 1e3 * suffix_flops(width, BLOCKS - layer - 1, TOKENS - position) / matmul_rate()
    row = run_duel(case, ours, tutorial, REPEATS, WANTED[name][layer], floor, (took[0], peer_took))
    capture = 1e3 * median_seconds(partial(ours.capture, network), 1)
    paid = capture / max(row.peer_ms - row.ours_ms, 1e-9)
    return [
        row,
        run_duel(f"{case}, pyvene tuned", ours, tuned, REPEATS, None, floor, (took[0], took[1])),
        run_duel(f"{case}, its products alone", ours, Products(network, layer, position), REPEATS, None, floor),
        Duel(
            f"{case}, capture of {2 * ITEMS} inputs: pays after {paid:.1f} steps",
            row.peer_ms / capture,
            capture,
            row.peer_ms,
        ),
    ]


def open_gpt2(width: int) -> TransformerNetwork:
    """A random network of GPT-2's shape."""
    torch.manual_seed(0)
    config = GPT2Config(n_embd=width, n_layer=BLOCKS, n_head=width // 64, vocab_size=VOCABULARY)
    facts = TransformerFacts("gpt2", VOCABULARY, 1024, width, BLOCKS, width // 64, width // 64, 64, 4 * width)
    return TransformerNetwork(GPT2LMHeadModel(config), facts)


def draw_items() -> tuple[Batch, Tensor]:
    """Bases and sources of random tokens, and random labels."""
    generator = np.random.default_rng(0)
    rows = generator.integers(0, VOCABULARY, (ITEMS, 2, TOKENS))
    labels = torch.from_numpy(generator.integers(0, len(ANSWERS), ITEMS))
    return Batch(rows, np.ones((ITEMS, 1), dtype=bool), ("x",)), labels


class Ours:
    """A step by the engine `fused`."""

    def __init__(self, network: TransformerNetwork, layer: int, position: int, batch: Batch, labels: Tensor) -> None:
        width = network.facts.stream
        self.map = SubspaceMap(width, (SIZE,))
        self.map.draw(torch.Generator().manual_seed(1))
        dims = tuple(range(width))
        frame = Frame("resid_post", layer, dims, width, Family("rotation"), (Block(0, 0, SIZE),), (position,))
        self.grounding = Grounding((frame,))
        self.encoding = Encoding((), (AnswerAt(TOKENS - 1, ANSWERS),))
        self.batch, self.labels = batch, labels
        self.query = interchange(WORLD, ("x",), "y")
        self.narrowed = self.encoding.among_declared()
        self.items = torch.arange(ITEMS)
        reads = CleanReads((SiteRead("resid_post", layer, (position,)),), (Beginning(layer + 1, ((position,),)),))
        self.schedule = replace(WHOLE, at_once=network.items_at_once, reads=reads)
        self.logits = self.open(network).prepare(self.query, batch, self.encoding.declared)

    def open(self, network: TransformerNetwork) -> Engine:
        """An engine of which nothing is captured yet."""
        device = torch.device("cpu")
        opened = Opened(network, device, Captures(network, device))
        return open_engine("fused", opened, self.encoding, self.grounding, ("x",), (self.map,), self.schedule)

    def __call__(self) -> None:
        """The loss and its gradient."""
        loss = answer_loss(self.logits(self.items), self.labels, self.narrowed)
        loss.backward()  # type: ignore[no-untyped-call]

    def capture(self, network: TransformerNetwork) -> None:
        """What is done once before the first step."""
        self.open(network).prepare(self.query, self.batch, self.encoding.declared)


class Peer:
    """A step by pyvene, as its tutorials do it."""

    def __init__(
        self, network: TransformerNetwork, map: SubspaceMap, layer: int, position: int, batch: Batch, labels: Tensor
    ) -> None:
        pyvene = import_pyvene()
        self.map, self.labels, self.position = map, labels, position
        self.base, self.source = (torch.from_numpy(batch.inputs[:, role]) for role in (0, 1))
        intervention = pyvene.LowRankRotatedSpaceIntervention(embed_dim=network.facts.stream, low_rank_dimension=SIZE)
        intervention.rotate_layer = Rotation(map)
        representation = pyvene.RepresentationConfig(layer, "block_output", "pos", 1, intervention=intervention)
        self.model: Any = pyvene.IntervenableModel(pyvene.IntervenableConfig([representation]), network.model)

    def __call__(self) -> None:
        """The loss and its gradient."""
        sources = [{"input_ids": self.source}]
        _, output = self.model({"input_ids": self.base}, sources, {"sources->base": self.position})
        self.differentiate(output.logits[:, -1])

    def differentiate(self, logits: Tensor) -> None:
        """From logits of the last position to the gradient."""
        torch.nn.functional.cross_entropy(logits[:, list(ANSWERS)], self.labels).backward()  # type: ignore[no-untyped-call]


class TunedPeer(Peer):
    """A step by pyvene with the sources' activations at hand, and the logits of the last position alone."""

    def __init__(
        self, network: TransformerNetwork, map: SubspaceMap, layer: int, position: int, batch: Batch, labels: Tensor
    ) -> None:
        super().__init__(network, map, layer, position, batch, labels)
        with torch.no_grad():
            state = network.advance(network.start(self.source), self.source, 0, layer + 1)
        (key,) = self.model.sorted_keys
        self.given = {key: state[:, [position]]}

    def __call__(self) -> None:
        """The loss and its gradient."""
        _, output = self.model(
            {"input_ids": self.base, "logits_to_keep": 1},
            source_representations=dict(self.given),
            unit_locations={"sources->base": self.position},
        )
        self.differentiate(output.logits[:, -1])


class Products:
    """The matrix products that a step cannot do without (see `suffix_flops`): forward, and back to activations."""

    def __init__(self, network: TransformerNetwork, layer: int, position: int) -> None:
        stack: Any = network.model.get_submodule("transformer.h")
        modules = [m for b in stack[layer + 1 :] for m in (b.attn.c_attn, b.attn.c_proj, b.mlp.c_fc, b.mlp.c_proj)]
        every = ITEMS * (TOKENS - position)
        rows = [every] * (len(modules) - 3) + [ITEMS] * 3
        self.weights = [(module.weight.detach(), count) for module, count in zip(modules, rows, strict=True)]
        self.activations = {
            (count, size): torch.randn(count, size) for weight, count in self.weights for size in weight.shape
        }

    def __call__(self) -> None:
        """All of them."""
        for weight, count in self.weights:
            self.activations[count, weight.shape[0]] @ weight
        for weight, count in reversed(self.weights):
            self.activations[count, weight.shape[1]] @ weight.mT


class Rotation(torch.nn.Module):
    """Our rotation where pyvene's intervention has its own."""

    def __init__(self, map: SubspaceMap) -> None:
        super().__init__()
        self.map = map

    @property
    def weight(self) -> Tensor:
        """The frame, shape [dim, feature]."""
        return self.map.frame.weight

    def forward(self, x: Tensor) -> Tensor:
        """Features of activations."""
        return x @ self.weight


def gradient(step: Callable[[], None], map: SubspaceMap) -> tuple[Tensor, float]:
    """The gradient of one step by the rotation's parameters, and the seconds that the step took."""
    for parameter in map.parameters():
        parameter.grad = None
    taken = seconds(step)
    return torch.cat([p.grad.flatten() for p in map.parameters() if p.grad is not None]), taken


def suffix_flops(width: int, layers: int, positions: int) -> float:
    """Floating-point operations of the matrix products that the later layers cannot do without.

    Forward, and backward to the activations alone, since weights are frozen: 24 width^2 for each layer and position,
    but in the last layer a quarter of it, for queries, keys and values, and the rest for the one position that is read.
    The head's rows for the declared answers are few.
    """
    return 2 * ITEMS * width**2 * (24 * (layers - 1) * positions + 6 * positions + 18)
