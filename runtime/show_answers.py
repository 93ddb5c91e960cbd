"""Answers in the user's words: what a network says on each item, from its logits."""

import torch
from torch import Tensor

from ..compiler.causal_model import CausalModel
from ..compiler.experiments import AnswerAt, Encoding

TIE = "tie"


def show_answers(logits: Tensor, model: CausalModel, encoding: Encoding, among: bool) -> tuple[str, ...]:
    """What a network answers, item by item.

    Args:
        logits: shape [item, answer, class].
        model: knows how values of the output are written.
        encoding: where each answer is read, and the class of each of its values.
        among: the best of the declared answers rather than of all classes.

    Returns:
        The value; `class 7` for a class that is no declared answer; `tie` where no class is the best alone. Several
        answers are a tuple: `(1, class 7)`.
    """
    shown = [
        _show_answer(logits[:, index], part, answer, among)
        for index, (part, answer) in enumerate(_parts(model, encoding))
    ]
    if len(shown) == 1:
        return tuple(shown[0])
    return tuple(f"({', '.join(words)})" for words in zip(*shown, strict=True))


def declared_logits(logits: Tensor, model: CausalModel, encoding: Encoding) -> tuple[dict[str, float], ...]:
    """The logits of every declared value (its first class) of one item; logits have shape [answer, class]."""
    found = []
    for index, (words, answer) in enumerate(_parts(model, encoding)):
        first: dict[str, float] = {}
        for each, code in zip(answer.declared, answer.codes, strict=True):
            first.setdefault(words[code], float(logits[index, each]))
        found.append(first)
    return tuple(found)


def _parts(model: CausalModel, encoding: Encoding) -> list[tuple[list[str], AnswerAt]]:
    """Each answer with the words for its codes."""
    output = model.domains[model.output]
    domains = output.parts if len(encoding.answers) > 1 else (output,)
    words = [[domain.show(domain.low + code) for code in range(domain.size)] for domain in domains]
    return list(zip(words, encoding.answers, strict=True))


def _show_answer(logits: Tensor, words: list[str], answer: AnswerAt, among: bool) -> list[str]:
    """One answer of each item, from its logits, shape [item, class]."""
    declared = {each: words[code] for each, code in zip(answer.declared, answer.codes, strict=True)}
    chosen = among or answer.among
    classes = torch.tensor(answer.declared if chosen else range(logits.shape[1]), device=logits.device)
    best = logits[:, classes].max(1)
    alone = (logits[:, classes] == best.values[:, None]).sum(1) == 1
    found = zip(classes[best.indices].tolist(), alone.tolist(), strict=True)
    return [declared.get(index, f"class {index}") if single else TIE for index, single in found]
