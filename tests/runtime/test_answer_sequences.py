"""Answers of several tokens against plain loops, and forced tokens against a run of prompt and answer written out."""

import math

import numpy as np
import pytest
import torch
from cspec.compiler.encode_prompts import PromptEncoding
from cspec.compiler.experiments import AnswerAt, Encoding
from cspec.compiler.interpret_terms import Batch
from cspec.compiler.network_facts import TransformerFacts
from cspec.compiler.plan import EngineName
from cspec.compiler.row_layout import Position
from cspec.compiler.terms import NetworkWorld, plain
from cspec.runtime.engines import Opened, open_engine
from cspec.runtime.engines.captures import Captures
from cspec.runtime.networks.transformers import TransformerNetwork
from cspec.runtime.scoring.answers import answer_loss, compare
from cspec.runtime.scoring.encode import encode_inputs
from transformers import LlamaConfig, LlamaForCausalLM

from .test_encode import CODES, FOLDER, TEMPLATES, encoding

SEQUENCES = ((4, 7, 2), (4, 7, 5), (4, 1), (9,))
ANSWER = AnswerAt(Position(index=-1), tuple(s[0] for s in SEQUENCES), sequences=SEQUENCES)
LOGITS = torch.randn(200, 3, 12, generator=torch.Generator().manual_seed(0))
LABELS = torch.arange(200) % 4


def given(prefix: tuple[int, ...], row: list[float], among: bool) -> int:
    """The best class after some tokens: of all, or of those with which a declared answer goes on."""
    step = len(prefix)
    known = {s[step] for s in SEQUENCES if s[:step] == prefix and len(s) > step} if among else range(12)
    return max(known, key=lambda token: row[token])


@pytest.mark.parametrize("among", [False, True])
def test_a_sequence_is_right_where_each_token_is_the_best_after_those_before_it(among: bool) -> None:
    logits = LOGITS.clone()
    for item, code in enumerate(LABELS.tolist()):  # some right by construction
        for step, token in enumerate(SEQUENCES[code] if item % 3 else ()):
            logits[item, step, token] += 2.0
    expected = [
        all(given(SEQUENCES[c][:k], rows[k], among) == token for k, token in enumerate(SEQUENCES[c]))
        for c, rows in zip(LABELS.tolist(), logits.tolist(), strict=True)
    ]
    found = compare(logits, LABELS, Encoding((), (ANSWER,)))
    assert (found.among if among else found.over_all).tolist() == expected
    assert 20 < sum(expected) < 180


def test_the_loss_is_that_of_each_token_among_those_that_go_on() -> None:
    total = 0.0
    for code, rows in zip(LABELS.tolist(), LOGITS.tolist(), strict=True):
        for step, token in enumerate(SEQUENCES[code]):
            known = {s[step] for s in SEQUENCES if s[:step] == SEQUENCES[code][:step] and len(s) > step}
            total -= rows[step][token] - math.log(sum(math.exp(rows[step][other]) for other in known))
    for one in (Encoding((), (ANSWER,)),):
        assert float(answer_loss(LOGITS, LABELS, one)) == pytest.approx(total / 200, abs=1e-5)
        narrowed, classes = one.among_declared(), list(one.declared)
        assert classes == [1, 2, 4, 5, 7, 9]
        assert float(answer_loss(LOGITS[..., classes], LABELS, narrowed)) == pytest.approx(total / 200, abs=1e-5)


@pytest.mark.parametrize("kind", ["fused", "hooks", "pyvene"])
def test_what_is_forced_stands_right_after_each_prompt(kind: EngineName) -> None:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=419, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24,
        max_position_embeddings=64,
    )  # fmt: skip
    model = LlamaForCausalLM(config).eval()
    network = TransformerNetwork(model, TransformerFacts("llama", 419, 64, 16, 2, 2, 2, 8, 24))
    prompt = encoding().prompt
    assert isinstance(prompt, PromptEncoding)
    assert len(TEMPLATES) == 2
    several = Encoding((), (ANSWER,), prompt)
    rows = encode_inputs(CODES, several)
    labels = np.arange(len(CODES)) % 4
    batch = Batch(rows[:, None], np.zeros((len(rows), 0), dtype=bool), (), forced=several.force(labels))
    opened = Opened(network, network.device, Captures(network, network.device))
    engine = open_engine(kind, opened, several, None, (), ())
    with torch.no_grad():
        found = engine.logits(plain(NetworkWorld("lm"), "o"), batch)
        for index, code in enumerate(labels.tolist()):
            ids = [token for token in rows[index, several.layout.width :].tolist() if token >= 0]
            said = model(torch.tensor([[*ids, *SEQUENCES[code][:-1]]])).logits[0, len(ids) - 1 :]
            torch.testing.assert_close(found[index, : len(said)], said, atol=1e-5, rtol=0)
    assert FOLDER.is_dir()
