"""Counterexamples: the smallest ones, against sorting all of them by hand; answers in the user's words."""

import numpy as np
import numpy.typing as npt
import pytest
import torch
from cspec.compiler.causal_model import CausalModel
from cspec.compiler.experiments import AnswerAt, Encoding
from cspec.lang.domains import BOOL, Domain, integers, product
from cspec.lang.expressions import Constant
from cspec.lang.program import Mechanism
from cspec.runtime.diagnosis.counterexamples import choose_counterexamples, effective_inputs
from cspec.runtime.diagnosis.show_answers import declared_logits, show_answers

Inputs = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def drawn(seed: int, items: int = 400) -> tuple[Inputs, Bools, Bools, Bools]:
    """Inputs of a base and three sources, sets, halves, and whether the worlds agree."""
    rng = np.random.default_rng(seed)
    inputs = rng.integers(0, 20, (items, 4, 2))  # so many values that no item comes twice
    members = rng.random((items, 3)) < 0.5
    members[~members.any(1), 0] = True
    return effective_inputs(inputs, members), members, rng.random(items) < 0.5, rng.random(items) < 0.7


def size(inputs: Inputs, members: Bools, row: int) -> tuple[int, int]:
    return int(members[row].sum()), int((inputs[row, 1:] != inputs[row, 0]).sum())


LABELS = torch.zeros(4, dtype=torch.int64)
"""Read by answers of several tokens only."""


@pytest.mark.parametrize("seed", range(8))
def test_the_smallest_of_each_half_and_in_order(seed: int) -> None:
    inputs, members, changing, agree = drawn(seed)
    rows = choose_counterexamples(inputs, members, changing, agree).tolist()
    assert len(rows) == 5
    assert not agree[rows].any()
    sizes = [size(inputs, members, row) for row in rows]
    assert sizes == sorted(sizes)
    assert sorted((changing[rows].sum(), (~changing[rows]).sum())) == [2, 3]
    for half in (True, False):
        wanted = np.flatnonzero(~agree & (changing == half)).tolist()
        every = sorted(size(inputs, members, row) for row in wanted)
        chosen = [size(inputs, members, row) for row in rows if changing[row] == half]
        assert chosen == every[: len(chosen)]


def test_one_half_alone_gives_five() -> None:
    inputs, members, changing, agree = drawn(1)
    agree |= changing
    rows = choose_counterexamples(inputs, members, changing, agree)
    assert len(rows) == 5
    assert not changing[rows].any()


def test_items_that_differ_only_in_unused_sources_are_one() -> None:
    inputs = np.arange(6 * 3 * 1).reshape(6, 3, 1)
    inputs[:, :2] = inputs[0, :2]
    members = np.tile([True, False], (6, 1))
    none = np.zeros(6, dtype=bool)
    assert choose_counterexamples(effective_inputs(inputs, members), members, none, none).tolist() == [0]
    assert len(choose_counterexamples(effective_inputs(inputs, ~members), ~members, none, none)) == 5


def test_of_equal_sizes_the_smallest_codes_come_first() -> None:
    inputs = np.array([[[1], [0]], [[0], [2]], [[0], [1]], [[2], [0]]])
    members, none = np.ones((4, 1), dtype=bool), np.zeros(4, dtype=bool)
    assert choose_counterexamples(inputs, members, none, none).tolist() == [2, 1, 0, 3]


def test_no_disagreement_no_counterexample() -> None:
    inputs, members, changing, agree = drawn(0)
    assert len(choose_counterexamples(inputs, members, changing, np.ones_like(agree))) == 0


COLOUR = Domain("colour", 0, 2, ("red", "blue"))


def model(output: Domain) -> CausalModel:
    return CausalModel("m", ("x",), (BOOL,), (Mechanism("out", output, Constant(output.low, output)),), "out")


def test_answers_are_in_the_words_of_the_output() -> None:
    encoding = Encoding((0,), (AnswerAt(0, (2, 0, 1)),))
    logits = torch.tensor([[0.0, 1, 2, 3, -1], [5, 1, 2, 3, -1], [0, 1, 7, 7, -1], [0, 3, 3, 9, -1]])[:, None]
    numbers = model(integers(-1, 1))
    assert show_answers(logits, LABELS, numbers, encoding, among=False) == ("class 3", "0", "tie", "class 3")
    assert show_answers(logits, LABELS, numbers, encoding, among=True) == ("-1", "0", "-1", "tie")
    assert declared_logits(logits[0], numbers, encoding) == ({"-1": 2.0, "0": 0.0, "1": 1.0},)


def test_several_answers_are_a_tuple() -> None:
    encoding = Encoding((0,), (AnswerAt(1, (0, 1)), AnswerAt(0, (1, 2))))
    both = model(product((integers(4, 5), COLOUR)))
    logits = torch.tensor([[[3.0, 0, 0], [0, 1, 2]], [[0, 3, 0], [9, 1, 2]]])
    assert show_answers(logits, LABELS, both, encoding, among=False) == ("(4, blue)", "(5, class 0)")
    assert declared_logits(logits[0], both, encoding) == ({"4": 3.0, "5": 0.0}, {"red": 1.0, "blue": 2.0})


def test_one_answer_that_is_a_tuple_itself() -> None:
    encoding = Encoding((0,), (AnswerAt(0, (0, 1, 2, 3)),))
    both = model(product((BOOL, COLOUR)))
    assert show_answers(torch.tensor([[[0.0, 1, 5, 2]]]), LABELS, both, encoding, among=False) == ("(false, blue)",)


def test_of_several_tokens_the_other_one_is_the_best_that_the_task_lets_be_said() -> None:
    """Class 3 is the best of all everywhere; after class 0 an answer goes on with 1 or 2."""
    sequences = ((0, 1), (0, 2))
    encoding = Encoding((0,), (AnswerAt(0, (0, 0), sequences=sequences),))
    logits = torch.tensor([[[2.0, 1, 0, 3], [0, 1, 2, 3]], [[2, 1, 0, 3], [2, 1, 0, 3]]])
    labels = torch.tensor([0, 0])
    assert show_answers(logits, labels, model(BOOL), encoding, among=False) == ("class 3", "class 3")
    assert show_answers(logits, labels, model(BOOL), encoding, among=True) == ("class 2", "false")
