"""How a network is fed, and where and among which classes its answer is read."""

from dataclasses import field, replace

import numpy as np
import numpy.typing as npt

from ...lang.later import LATER
from ...lang.record import record
from ..encode_prompts import PromptEncoding
from ..row_layout import NO_TOKEN, Position, RowLayout


@record
class Encoding:
    """How an input becomes tokens or numbers, and an output's code what the network answers.

    Several answers are one tuple: the output's code is the sum of code_i * size_0 * .. * size_(i-1). A task in text has
    a `prompt`; else inputs are fed by their `columns`, in order. `lows`, of a vector of numbers, are the least value of
    each column: the number that is fed for a code is their sum.
    """

    columns: tuple[int, ...]
    answers: tuple["AnswerAt", ...]
    prompt: "PromptEncoding | None" = field(default=None, metadata=LATER)
    lows: tuple[int, ...] = field(default=(), metadata=LATER)

    @property
    def has_output(self) -> bool:
        """Whether the task has an output, so that an answer is right or wrong; else its answer is generated."""
        return all(answer.classes for answer in self.answers)

    @property
    def declared(self) -> tuple[int, ...]:
        """Every declared class of any answer, in order."""
        return tuple(sorted({each for answer in self.answers for each in answer.declared}))

    def force(self, labels: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """What is fed after the prompt so that each label's last token can be read: ids [item, token], -1 for none."""
        sequences = self.answers[0].sequences if len(self.answers) == 1 else ()
        table = np.full((len(sequences), max(0, max(map(len, sequences), default=1) - 1)), NO_TOKEN, dtype=np.int64)
        for code, sequence in enumerate(sequences):
            table[code, : len(sequence) - 1] = sequence[:-1]
        return table[labels] if sequences else np.zeros((len(labels), 0), dtype=np.int64)

    def among_declared(self) -> "Encoding":
        """The same where classes are counted among the declared ones alone."""
        index = {each: at for at, each in enumerate(self.declared)}
        answers = (
            replace(
                answer,
                classes=tuple(index[each] for each in answer.classes),
                also=tuple(tuple(index[each] for each in others) for others in answer.also),
                sequences=tuple(tuple(index[each] for each in sequence) for sequence in answer.sequences),
            )
            for answer in self.answers
        )
        return replace(self, answers=tuple(answers))

    @property
    def layout(self) -> RowLayout:
        """The columns of the rows that it makes."""
        return RowLayout(None if self.prompt is None else self.prompt.slots)


@record
class AnswerAt:
    """One answer: the position whose logits are read (0 for a network without positions), and each code's class.

    `also` are further classes by code, each as good as its own. `among`: the answer is the best of these alone.
    `sequences`, where answers are several tokens, are each code's: the network is fed all but the last one after the
    prompt, and must give each of them where the one before it stands (`classes` are then their first tokens).
    """

    position: int | Position
    classes: tuple[int, ...]
    also: tuple[tuple[int, ...], ...] = field(default=(), metadata=LATER)
    among: bool = field(default=False, metadata=LATER)
    sequences: tuple[tuple[int, ...], ...] = field(default=(), metadata=LATER)

    @property
    def reads(self) -> int:
        """At how many positions logits are read, one after the other."""
        return max(map(len, self.sequences), default=1)

    @property
    def declared(self) -> tuple[int, ...]:
        """Every declared class: each code's own, then the further ones; of sequences every token, in order."""
        if self.sequences:
            return tuple(sorted({token for sequence in self.sequences for token in sequence}))
        return (*self.classes, *(each for others in self.also for each in others))

    @property
    def codes(self) -> tuple[int, ...]:
        """The code that each declared class stands for."""
        return (*range(len(self.classes)), *(code for code, others in enumerate(self.also) for _ in others))
