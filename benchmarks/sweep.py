"""Vanilla interchange over every layer and five positions of a transformer of GPT-2's shape, against pyvene.

Each pair's base takes the whole residual stream from its source, at one layer and one position at a time, and the
logits of the last position are read. The engine `fused` runs each input once and then only what follows a site; pyvene
runs base and source whole for each site. Both give the same logits, which is checked. The pairs are few, since both
costs grow linearly with them; the table says how many.
"""

import numpy as np
import torch
from cspec.compiler.experiments import AnswerAt, Encoding
from cspec.compiler.groundings import Block, Frame, Grounding
from cspec.compiler.interpret_terms import Batch
from cspec.compiler.terms import interchange
from cspec.lang.places import IDENTITY
from cspec.runtime.engines import Opened, open_engine
from cspec.runtime.engines.captures import Captures
from cspec.runtime.engines.import_pyvene import import_pyvene
from cspec.runtime.maps.open_map import open_map
from cspec.runtime.networks.transformers import TransformerNetwork
from torch import Tensor

from .das_step import BLOCKS, TOKENS, VOCABULARY, WORLD, open_gpt2
from .report import Duel, run_duel

WIDTH, PAIRS, REPEATS, WANTED = 256, 24, 1, 10.0
POSITIONS = (0, 8, 16, 24, 31)


def measure() -> list[Duel]:
    """The whole sweep, by both."""
    torch.set_num_threads(1)
    network = open_gpt2(WIDTH)
    rows = np.random.default_rng(0).integers(0, VOCABULARY, (PAIRS, 2, TOKENS))
    ours, peer = Ours(network, rows), Peer(network, rows)
    with torch.no_grad():
        torch.testing.assert_close(ours(), peer(), atol=1e-4, rtol=1e-4)
        return [run_duel(f"12 layers x 5 positions x {PAIRS} pairs, d{WIDTH}", ours, peer, REPEATS, WANTED)]


class Ours:
    """The sweep by the engine `fused`, from nothing captured."""

    def __init__(self, network: TransformerNetwork, rows: "np.ndarray[tuple[int, ...], np.dtype[np.int64]]") -> None:
        self.network = network
        self.batch = Batch(rows, np.ones((len(rows), 1), dtype=bool), ("x",))
        self.encoding = Encoding((), (AnswerAt(TOKENS - 1, (0, 1)),))

    def __call__(self) -> Tensor:
        """Logits of the last position, shape [site, pair, class]."""
        opened = Opened(self.network, self.network.device, Captures(self.network, self.network.device))
        found, dims = dict[tuple[int, int], Tensor](), tuple(range(WIDTH))
        for layer in range(BLOCKS):
            for position in reversed(POSITIONS):  # as a search is ordered: keys and values of fewer positions are kept
                frame = Frame("resid_post", layer, dims, WIDTH, IDENTITY, (Block(0, 0, WIDTH),), (position,))
                engine = open_engine("fused", opened, self.encoding, Grounding((frame,)), ("x",), (open_map(frame),))
                found[layer, position] = engine.logits(interchange(WORLD, ("x",), "y"), self.batch)[:, 0]
        return torch.stack([found[layer, position] for layer in range(BLOCKS) for position in POSITIONS])


class Peer:
    """The sweep by pyvene."""

    def __init__(self, network: TransformerNetwork, rows: "np.ndarray[tuple[int, ...], np.dtype[np.int64]]") -> None:
        self.model = network.model
        self.base, self.source = (torch.from_numpy(rows[:, role]) for role in (0, 1))

    def __call__(self) -> Tensor:
        """Logits of the last position, shape [site, pair, class]."""
        pyvene = import_pyvene()
        found = []
        for layer in range(BLOCKS):
            config = pyvene.IntervenableConfig(
                [pyvene.RepresentationConfig(layer, "block_output", "pos", 1)],
                intervention_types=pyvene.VanillaIntervention,
            )
            model = pyvene.IntervenableModel(config, self.model)
            for position in POSITIONS:
                sources = [{"input_ids": self.source}]
                _, output = model({"input_ids": self.base}, sources, {"sources->base": position})
                found.append(output.logits[:, -1])
        return torch.stack(found)
