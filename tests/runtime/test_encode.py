"""Rows of prompts: tokens and slots as the tokenizer gives them, one input at a time."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from cspec.compiler.encode_prompts import PromptEncoding, choose_templates
from cspec.compiler.experiments import AnswerAt, Encoding
from cspec.compiler.groundings import Block, Frame, Part
from cspec.compiler.network_facts import read_tokenizer
from cspec.compiler.row_layout import Position
from cspec.lang.domains import integers
from cspec.lang.expressions import Variable
from cspec.lang.places import IDENTITY
from cspec.lang.texts import Slot, Template
from cspec.runtime.engines.feed import Feed
from cspec.runtime.errors import EnvironmentProblem
from cspec.runtime.scoring.encode import encode_inputs

FOLDER = Path(__file__).parents[1] / "golden" / "good" / "lm"
NUMBERS = integers(0, 120)
LOW, HIGH = (Slot(Variable(name, NUMBERS), name) for name in ("low", "high"))
TEMPLATES = (
    Template(("from ", LOW, " to ", HIGH, " : is it more")),
    Template(("is it ", HIGH, " dollars , ", LOW, " ?")),
)
LAST = Position(index=-1)


def encoding(context: int = 48) -> Encoding:
    inputs = (("low", NUMBERS), ("high", NUMBERS))
    prompt = PromptEncoding(TEMPLATES, inputs, ("low", "high"), "hash", context, FOLDER)
    return Encoding((), (AnswerAt(LAST, (0, 1)),), prompt)


CODES = np.random.default_rng(0).integers(0, 121, (60, 2))


def test_a_row_is_the_tokenizers_own_whatever_its_company() -> None:
    rows, layout = encode_inputs(CODES, encoding()), encoding().layout
    tokenizer = read_tokenizer(FOLDER)
    chosen = choose_templates(CODES, [121, 121], 2)
    assert set(chosen) == {0, 1}
    for row, (low, high), template in zip(rows, CODES.tolist(), chosen.tolist(), strict=True):
        text = (f"from {low} to {high} : is it more", f"is it {high} dollars , {low} ?")[template]
        (alone,) = tokenizer.encode([text])
        ids = row[layout.width :]
        assert tuple(ids[ids >= 0]) == alone.ids
        assert row[0] == len(alone.ids)
        for slot, value in (("low", low), ("high", high)):
            start, stop = (row[column] for column in layout.columns(slot))
            spans = alone.spans[start:stop]
            assert text[spans[0][0] : spans[-1][1]].strip() == str(value)
    for index in (0, 7, 59):
        (single,) = encode_inputs(CODES[index : index + 1], encoding())
        assert np.array_equal(single, rows[index, : len(single)])
        assert (rows[index, len(single) :] == -1).all()


def test_positions_are_each_prompts_own() -> None:
    rows = torch.from_numpy(encode_inputs(CODES, encoding()))
    feed, layout = Feed(encoding()), encoding().layout
    first, second = layout.columns("high")
    written = (Position("high"), Position("high", part="first"), LAST, Position(index=2))
    frame = Frame("resid_post", 0, (0,), 1, IDENTITY, (Block(0, 0, 1),), written)
    (where,) = feed.where(frame, rows)
    assert isinstance(where, torch.Tensor)
    expected = torch.stack([rows[:, second] - 1, rows[:, first], rows[:, 0] - 1, torch.full((60,), 2)], 1)
    assert torch.equal(where, expected)
    assert torch.equal(feed.reads(rows), rows[:, :1] - 1)
    assert feed.earliest(frame, rows) == int(expected.min())
    (where,) = feed.where(Frame("logits", None, (0,), 1, IDENTITY, (Block(0, 0, 1),), ()), rows)
    assert isinstance(where, torch.Tensor)
    assert torch.equal(where, rows[:, :1] - 1)


@pytest.mark.parametrize("written", [lambda n: n, lambda n: Position(index=n), lambda n: Position(index=-n - 1)])
@pytest.mark.parametrize("beside", [(), (LAST,)])
def test_a_position_that_some_prompt_lacks_is_an_error(
    written: Callable[[int], int | Position], beside: tuple[Position, ...]
) -> None:
    """What stands beyond a prompt's last token is padding, and so is what is counted to before its first."""
    rows = torch.from_numpy(encode_inputs(CODES, encoding()))
    shortest = int(rows[:, 0].min())
    assert shortest < int(rows[:, 0].max())
    feed = Feed(encoding())
    feed.find((written(shortest - 1), *beside), rows)
    with pytest.raises(EnvironmentProblem, match=f"found one of {shortest}") as caught:
        feed.find((written(shortest), *beside), rows)
    assert caught.value.code == "CS549"


def test_positions_that_are_not_as_many_everywhere_are_an_error() -> None:
    rows = torch.from_numpy(encode_inputs(CODES, encoding()))
    frame = Frame("resid_post", 0, (0,), 1, IDENTITY, (Block(0, 0, 1),), (Position("high", part="all"),))
    assert len(set((rows[:, 4] - rows[:, 3]).tolist())) > 1
    with pytest.raises(EnvironmentProblem) as caught:
        Feed(encoding()).where(frame, rows)
    assert caught.value.code == "CS549"


@pytest.mark.parametrize("shared", [False, True])
def test_positions_that_are_one_token_in_some_prompt_are_an_error(shared: bool) -> None:
    rows = torch.from_numpy(encode_inputs(CODES, encoding()))
    both = (Position("high", part="first"), Position("high"))
    frame = Frame("resid_post", 0, (0, 1), 2, IDENTITY, (Block(0, 0, 1),), both, shared)
    apart = rows[:, 4] - rows[:, 3] > 1
    assert set(apart.tolist()) == {False, True}
    Feed(encoding()).where_set(frame, rows[apart])
    joined = replace(frame, positions=both[:1], further=(Part("resid_post", 0, (1,), 2, both[1:]),))
    beside = replace(joined, dims=(0,))
    Feed(encoding()).where_set(beside, rows)  # other dims of the same token
    for meeting in (frame, joined):
        with pytest.raises(EnvironmentProblem, match=r"two of .* at one token") as caught:
            Feed(encoding()).where_set(meeting, rows)
        assert caught.value.code == "CS549"


def test_a_prompt_that_is_too_long_is_named() -> None:
    with pytest.raises(EnvironmentProblem, match="reads 1 to 5") as caught:
        encode_inputs(CODES, encoding(context=5))
    assert caught.value.code == "CS549"
