"""Answers of several tokens, read under teacher forcing: each token where the ones before it have been fed."""

import torch
from torch import Tensor

from ...compiler.experiments import AnswerAt


def sequences_right(logits: Tensor, codes: Tensor, answer: AnswerAt, among: bool) -> tuple[Tensor, Tensor]:
    """Whether every token of a code's sequence is the best alone, and the least lead of a best one over the next.

    Logits have shape [item, read, class], codes [item]. `among`: at each token the best of those that go on with some
    declared sequence; else of all classes. Both results have shape [item].
    """
    right = torch.ones(len(logits), dtype=torch.bool, device=logits.device)
    lead = torch.full((len(logits),), torch.inf, device=logits.device)
    for step, (wanted, allowed) in enumerate(_steps(answer, logits.shape[2], logits.device)):
        here = _of_these(logits[:, step], allowed[codes], among)
        token, counts = wanted[codes], wanted[codes] >= 0
        top = here.topk(2, dim=1).values if here.shape[1] > 1 else here.expand(-1, 2) + torch.tensor([1.0, 0.0])
        ahead = top[:, 0] - top[:, 1]
        right &= ~counts | ((here.argmax(1) == token) & (ahead > 0))
        lead = torch.where(counts, torch.minimum(lead, ahead), lead)
    return right, lead


def sequences_said(logits: Tensor, codes: Tensor, answer: AnswerAt, among: bool) -> Tensor:
    """The best class at each token where a code's sequence is fed, shape [item, read]; arguments as before."""
    steps = enumerate(_steps(answer, logits.shape[2], logits.device))
    return torch.stack([_of_these(logits[:, at], allowed[codes], among).argmax(1) for at, (_, allowed) in steps], 1)


def _of_these(logits: Tensor, allowed: Tensor, among: bool) -> Tensor:
    """Logits [item, class] as they are compared: `among` the allowed classes, or all."""
    return logits.float().masked_fill(~allowed, -torch.inf) if among else logits.float()


def sequence_losses(logits: Tensor, codes: Tensor, answer: AnswerAt) -> Tensor:
    """The cross-entropy of sequences, summed over tokens, each among those that go on with a sequence; shape [item]."""
    total = logits.new_zeros(len(logits), dtype=torch.float32)
    for step, (wanted, allowed) in enumerate(_steps(answer, logits.shape[2], logits.device)):
        log = logits[:, step].float().masked_fill(~allowed[codes], -torch.inf).log_softmax(1)
        token = wanted[codes]
        said = log.gather(1, token.clamp(min=0)[:, None])[:, 0]
        total = total - torch.where(token >= 0, said, torch.zeros_like(said))
    return total


def _steps(answer: AnswerAt, classes: int, device: torch.device) -> list[tuple[Tensor, Tensor]]:
    """For each token its class by code (-1: the sequence has ended), and by code which classes go on with a sequence.

    Shapes [code] and [code, class]. Of a code whose sequence has ended every class may follow: nothing is read there.
    """
    steps = []
    for step in range(answer.reads):
        wanted = torch.tensor([s[step] if step < len(s) else -1 for s in answer.sequences], device=device)
        allowed = torch.zeros(len(answer.sequences), classes, dtype=torch.bool, device=device)
        for code, own in enumerate(answer.sequences):
            if step >= len(own):
                allowed[code] = True
                continue
            for other in answer.sequences:
                if other[:step] == own[:step] and step < len(other):
                    allowed[code, other[step]] = True
        steps.append((wanted, allowed))
    return steps
