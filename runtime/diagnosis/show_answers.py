"""Answers in the user's words: what a network says on each item, from its logits."""

from collections.abc import Iterator

import torch
from torch import Tensor

from ...compiler.causal_model import CausalModel
from ...compiler.experiments import AnswerAt, Encoding
from ..scoring.answer_sequences import sequences_right, sequences_said
from ..scoring.encode import show_class

TIE = "tie"


def show_answers(
    logits: Tensor, labels: Tensor, model: CausalModel, encoding: Encoding, among: bool
) -> tuple[str, ...]:
    """What a network answers, item by item.

    Args:
        logits: shape [item, answer, class].
        labels: the codes of the output that the model gives, shape [item]; an answer of several tokens was read with
            these fed.
        model: knows how values of the output are written.
        encoding: where each answer is read, and the class of each of its values.
        among: the best of the declared answers rather than of all classes.

    Returns:
        The value; `class 7`, or of a prompt the token's text in quotes, for a class that is no declared answer; `tie`
        where no class is the best alone. Several answers are a tuple: `(1, class 7)`. Of an answer of several tokens
        the value where all of them are given, else the first other token.
    """
    if encoding.answers[0].sequences:
        return tuple(_show_sequences(logits, labels, model, encoding, among))
    shown = [
        _show_answer(logits[:, index], part, answer, among, encoding)
        for index, (part, answer) in enumerate(_parts(model, encoding))
    ]
    if len(shown) == 1:
        return tuple(shown[0])
    return tuple(f"({', '.join(words)})" for words in zip(*shown, strict=True))


def declared_logits(logits: Tensor, model: CausalModel, encoding: Encoding) -> tuple[dict[str, float], ...]:
    """The logits of every declared value (its own class, or its first token) of one item, from [answer, class]."""
    return tuple(
        {word: float(logits[index, each]) for word, each in zip(words, answer.classes, strict=True)}
        for index, (words, answer) in enumerate(_parts(model, encoding))
    )


def _parts(model: CausalModel, encoding: Encoding) -> list[tuple[list[str], AnswerAt]]:
    """Each answer with the words for its codes."""
    output = model.domains[model.output]
    domains = output.parts if len(encoding.answers) > 1 else (output,)
    words = [[domain.show(domain.low + code) for code in range(domain.size)] for domain in domains]
    return list(zip(words, encoding.answers, strict=True))


def _show_answer(logits: Tensor, words: list[str], answer: AnswerAt, among: bool, encoding: Encoding) -> list[str]:
    """One answer of each item, from its logits, shape [item, class]."""
    declared = {each: words[code] for each, code in zip(answer.declared, answer.codes, strict=True)}
    chosen = among or answer.among
    classes = torch.tensor(answer.declared if chosen else range(logits.shape[1]), device=logits.device)
    best = logits[:, classes].max(1)
    alone = (logits[:, classes] == best.values[:, None]).sum(1) == 1
    found = zip(classes[best.indices].tolist(), alone.tolist(), strict=True)
    return [declared.get(index) or show_class(index, encoding) if single else TIE for index, single in found]


def _show_sequences(
    logits: Tensor, labels: Tensor, model: CausalModel, encoding: Encoding, among: bool
) -> Iterator[str]:
    """The one answer, of several tokens, of each item."""
    ((words, answer),) = _parts(model, encoding)
    codes, chosen = labels.to(logits.device), among or answer.among
    right, _ = sequences_right(logits, codes, answer, chosen)
    best = sequences_said(logits, codes, answer, chosen)
    for given, code, is_right in zip(best.tolist(), labels.tolist(), right.tolist(), strict=True):
        wanted = answer.sequences[code]
        others = [token for token, own in zip(given, wanted, strict=False) if token != own]
        yield words[code] if is_right else show_class(others[0], encoding) if others else TIE
