"""Answers that networks generate, in the store: each is generated once, whatever asks for it, and can be read there.

`replies/KEY.jsonl` holds a line for each input of one kind of run: the codes of the inputs that the run reads, the
text that it generated, and whether a token of it was near a tie.
"""

import json
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ...compiler.causal_model import Codes
from ...compiler.interpret_terms import Batch
from ...compiler.keys import content_key
from ...compiler.metrics import RunMetric
from ...compiler.plan import Candidate, RepliesKeys
from ...compiler.terms import ModelWorld, NetworkWorld, OutputOf, Run, in_worlds, inputs_read
from ..engines import Engine
from ..fitting.fitted import Fitted, evaluation_content
from ..results.store import Store
from ..scoring.encode import open_tokenizer

Reply = tuple[str, bool]
"""A text, and whether a token of it was near a tie."""


@dataclass(frozen=True)
class Replies:
    """The answers that one network with its maps in place generates.

    `keys` are the plan's; `network` is the key of its weights, `maps` that of the evaluation's maps.
    """

    store: Store
    keys: RepliesKeys
    network: str
    maps: str

    def read(
        self, metric: RunMetric, run: Run, output: str, batch: Batch, inputs: Codes, engine: Engine
    ) -> tuple[list[str], Tensor]:
        """The text of each item, and which were near a tie; what the store lacks is generated, and added.

        `inputs` are codes [item, role, input] as the run's roles count them.
        """
        codes = [_written(item) for item in inputs[:, list(inputs_read(run))]]
        file = f"replies/{self._key(run)}.jsonl"
        known = self._known(file)
        first = {code: index for index, code in reversed(list(enumerate(codes))) if code not in known}
        rows = np.array(sorted(first.values()), dtype=np.int64)
        for start in range(0, len(rows), engine.at_once):
            some = rows[start : start + engine.at_once]
            found = _generate(metric, OutputOf(output, run), batch.take(some), engine)
            said = {codes[row]: reply for row, reply in zip(some.tolist(), found, strict=True)}
            lines = (
                f'{{"inputs":{code},"text":{json.dumps(text)},"near":{json.dumps(near)}}}'
                for code, (text, near) in said.items()
            )
            self.store.append(file, list(lines))
            known |= said
        told = [known[code] for code in codes]
        return [text for text, _ in told], torch.tensor([near for _, near in told], dtype=torch.bool)

    def _key(self, run: Run) -> str:
        """Of a run in which nothing is set: whatever its place in a term. Names of worlds say nothing."""
        if not run.assignments:
            return content_key("plain replies", 1, keys=self.keys.plain, network=self.network)
        unnamed = in_worlds(run, ModelWorld("model"), NetworkWorld("network"))
        return content_key(
            "edited replies", 1, keys=self.keys.edited, network=self.network, maps=self.maps, run=unnamed
        )

    def inputs(self, run: Run) -> Codes | None:
        """The inputs that a run reads of every item whose text the store has, shape [item, role, input]; None: none."""
        known = self._known(f"replies/{self._key(run)}.jsonl")
        return np.array([json.loads(code) for code in known], dtype=np.int64) if known else None

    def _known(self, file: str) -> dict[str, Reply]:
        """What the store has; lines that are none (a write that was cut short) are passed over."""
        found: dict[str, Reply] = {}
        for line in self.store.lines(file):
            try:
                entry = json.loads(line)
                found[_written(np.array(entry["inputs"]))] = str(entry["text"]), bool(entry["near"])
            except (ValueError, KeyError, TypeError):
                continue
        return found


def replies_content(candidate: Candidate, index: int, maps: Fitted | None, cells: tuple[str, ...] = ()) -> str:
    """The key of the maps under which a candidate's edited runs generate; `cells` are those of found circuits."""
    return evaluation_content(str(candidate.frame_seed), index, maps, cells=cells)


def _written(codes: Codes) -> str:
    return json.dumps(codes.tolist(), separators=(",", ":"))


def _generate(metric: RunMetric, query: OutputOf, batch: Batch, engine: Engine) -> list[Reply]:
    assert metric.generation is not None
    assert metric.speech is not None
    found = engine.generate(query, batch, metric.generation.limit, metric.generation.ends)
    tokenizer = open_tokenizer(metric.speech.folder, metric.speech.tokenizer)
    texts = [tokenizer.decode_all([token for token in row if token >= 0]) for row in found.tokens.tolist()]
    return list(zip(texts, found.near.tolist(), strict=True))
