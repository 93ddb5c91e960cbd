"""Answers in the user's words: what a network says on each item, from its logits."""

import torch
from torch import Tensor

from ..compiler.causal_model import CausalModel
from ..compiler.experiments import AnswerAt, Encoding

TIE = "tie"


def show_answers(logits: Tensor, model: CausalModel, encoding: Encoding, among: bool) -> tuple[str, ...]:
    """What a network answers, item by item.

    Args:
        logits: shape [item, position, class].
        model: knows how values of the output are written.
        encoding: where each answer is read, and the class of each of its values.
        among: the best of the declared answers rather than of all classes.

    Returns:
        The value; `class 7` for a class that is no declared answer; `tie` where no class is the best alone. Several
        answers are a tuple: `(1, class 7)`.
    """
    shown = [_show_answer(logits[:, answer.position], part, answer, among) for part, answer in _parts(model, encoding)]
    if len(shown) == 1:
        return tuple(shown[0])
    return tuple(f"({', '.join(words)})" for words in zip(*shown, strict=True))


def declared_logits(logits: Tensor, model: CausalModel, encoding: Encoding) -> tuple[dict[str, float], ...]:
    """The logits of every declared value of each answer, of one item; logits have shape [position, class]."""
    return tuple(
        {word: float(logits[answer.position, index]) for word, index in zip(words, answer.classes, strict=True)}
        for words, answer in _parts(model, encoding)
    )


def _parts(model: CausalModel, encoding: Encoding) -> list[tuple[list[str], AnswerAt]]:
    """Each answer with the words for its codes."""
    output = model.domains[model.output]
    domains = output.parts if len(encoding.answers) > 1 else (output,)
    words = [[domain.show(domain.low + code) for code in range(domain.size)] for domain in domains]
    return list(zip(words, encoding.answers, strict=True))


def _show_answer(logits: Tensor, words: list[str], answer: AnswerAt, among: bool) -> list[str]:
    """One answer of each item, from its logits, shape [item, class]."""
    declared = dict(zip(answer.classes, words, strict=True))
    classes = torch.tensor(answer.classes) if among else torch.arange(logits.shape[1])
    best = logits[:, classes].max(1)
    alone = (logits[:, classes] == best.values[:, None]).sum(1) == 1
    found = zip(classes[best.indices].tolist(), alone.tolist(), strict=True)
    return [declared.get(index, f"class {index}") if single else TIE for index, single in found]
