"""Vanilla interchange over every layer and five positions of a transformer of GPT-2's shape, against pyvene.

Each pair's base takes the whole residual stream from its source, at one layer and one position at a time, and the best
class at the last position is read. The engine `fused` runs each input once and then only what follows a site; pyvene
runs base and source whole for each site. Both give the same logits, which is checked on a few pairs.

Chunks of pairs are the outer loop and sites the inner one, so that what is captured is that of one chunk. pyvene takes
hours for all pairs, and as much for each: it is timed on a few, and its time is that, as often as they go into all.
Times are of the processor, on one thread: over minutes a machine's other work comes and goes.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from cspec.compiler.experiments import AnswerAt, Encoding
from cspec.compiler.groundings import Block, Frame, Grounding
from cspec.compiler.interpret_terms import Batch
from cspec.compiler.schedule import WHOLE, Beginning, CleanReads, SiteRead
from cspec.compiler.terms import interchange
from cspec.lang.places import IDENTITY
from cspec.runtime.engines import Opened, open_engine
from cspec.runtime.engines.captures import Captures
from cspec.runtime.engines.import_pyvene import import_pyvene
from cspec.runtime.maps.open_map import open_map
from cspec.runtime.networks.transformers import TransformerNetwork
from numpy.typing import NDArray
from torch import Tensor

from .das_step import BLOCKS, TOKENS, VOCABULARY, WORLD, open_gpt2
from .report import Duel, judge

WIDTH, PAIRS, CHUNK, WANTED = 256, 1_000, 100, 10.0
TIMED, CHECKED = 25, 4
"""Pairs that pyvene is timed and checked on."""
POSITIONS = (0, 8, 16, 24, 31)
Rows = NDArray[np.int64]


def measure() -> list[Duel]:
    """The whole sweep by ours, and in the middle of it what pyvene is timed on."""
    torch.set_num_threads(1)
    network = open_gpt2(WIDTH)
    rows = np.random.default_rng(0).integers(0, VOCABULARY, (PAIRS, 2, TOKENS))
    ours, peer = Ours(network), Peer(network)
    with torch.no_grad():
        few = rows[:CHECKED]
        torch.testing.assert_close(ours.logits(few), peer.logits(few), atol=1e-4, rtol=1e-4)
        mine = 0.0
        for start in range(0, PAIRS, CHUNK):
            mine += _seconds(partial(ours.best, rows[start : start + CHUNK]))
            if start == PAIRS // 2:
                theirs = _seconds(partial(peer.best, rows[:TIMED])) * PAIRS / TIMED
    case = f"12 layers x 5 positions x {PAIRS:,} pairs, d{WIDTH} (pyvene: {TIMED} pairs, {PAIRS // TIMED} times)"
    return [judge(case, [(mine, theirs)], WANTED)]


def _seconds(action: Callable[[], object]) -> float:
    start = time.process_time()
    action()
    return time.process_time() - start


class Ours:
    """The sweep by the engine `fused`, from nothing captured."""

    def __init__(self, network: TransformerNetwork) -> None:
        self.network = network
        self.encoding = Encoding((), (AnswerAt(TOKENS - 1, (0, 1)),))

    def best(self, rows: Rows) -> Tensor:
        """The best class of every site and pair, shape [site, pair]."""
        return torch.stack([logits.argmax(1) for logits in self._sites(rows)])

    def logits(self, rows: Rows) -> Tensor:
        """Logits of the last position, shape [site, pair, class]."""
        return torch.stack(list(self._sites(rows)))

    def _sites(self, rows: Rows) -> Iterator[Tensor]:
        """Logits [pair, class] of every layer and, within it, every position, the last first."""
        opened = Opened(self.network, self.network.device, Captures(self.network, self.network.device))
        sites = tuple(SiteRead("resid_post", layer, POSITIONS) for layer in range(BLOCKS))
        begins = tuple(Beginning(layer + 1, tuple((position,) for position in POSITIONS)) for layer in range(BLOCKS))
        schedule = replace(WHOLE, at_once=self.network.items_at_once, reads=CleanReads(sites, begins))
        batch, dims = Batch(rows, np.ones((len(rows), 1), dtype=bool), ("x",)), tuple(range(WIDTH))
        for layer in range(BLOCKS):
            for position in reversed(POSITIONS):  # as a search is ordered: keys and values of fewer positions are kept
                frame = Frame("resid_post", layer, dims, WIDTH, IDENTITY, (Block(0, 0, WIDTH),), (position,))
                maps = (open_map(frame),)
                engine = open_engine("fused", opened, self.encoding, Grounding((frame,)), ("x",), maps, schedule)
                yield engine.logits(interchange(WORLD, ("x",), "y"), batch)[:, 0]


class Peer:
    """The sweep by pyvene."""

    def __init__(self, network: TransformerNetwork) -> None:
        self.model = network.model

    def best(self, rows: Rows) -> Tensor:
        """The best class of every site and pair, shape [site, pair]."""
        return torch.stack([logits.argmax(1) for logits in self._sites(rows)])

    def logits(self, rows: Rows) -> Tensor:
        """Logits of the last position, shape [site, pair, class]."""
        return torch.stack(list(self._sites(rows)))

    def _sites(self, rows: Rows) -> Iterator[Tensor]:
        """Logits [pair, class] of every layer and, within it, every position, the last first."""
        pyvene = import_pyvene()
        base, source = (torch.from_numpy(rows[:, role]) for role in (0, 1))
        for layer in range(BLOCKS):
            config = pyvene.IntervenableConfig(
                [pyvene.RepresentationConfig(layer, "block_output", "pos", 1)],
                intervention_types=pyvene.VanillaIntervention,
            )
            model = pyvene.IntervenableModel(config, self.model)
            for position in reversed(POSITIONS):
                sources = [{"input_ids": source}]
                _, output = model({"input_ids": base}, sources, {"sources->base": position})
                yield output.logits[:, -1]
