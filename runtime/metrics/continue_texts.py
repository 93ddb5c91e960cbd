"""The tokens of texts that metrics ask about: each cut as it stands after the prompt of an item's base."""

import numpy as np
import numpy.typing as npt

from ...compiler.causal_model import Codes
from ...compiler.encode_prompts import continue_prompts, fill_rows, render_prompts
from ...compiler.experiments import Encoding
from ...compiler.metrics import FilledText, RunMetric, fill_text
from ...compiler.network_facts import UnknownTextError
from ..errors import EnvironmentProblem
from ..scoring.encode import open_tokenizer


def continue_texts(metric: RunMetric, text: FilledText, bases: Codes, encoding: Encoding) -> npt.NDArray[np.int64]:
    """Token ids of a text for each base [item, input], shape [item, token], -1 after the last one.

    Raises:
        EnvironmentProblem: a text is no tokens of its own, or a table has no text for an input.
    """
    distinct, which = np.unique(bases, axis=0, return_inverse=True)
    shown = fill_text(text, metric.columns(distinct), len(distinct))
    if None in shown:
        message = f"metric `{metric.name}` asks about a text that its table lacks"
        raise EnvironmentProblem("CS549", message, "add a row for every input")
    texts = [each or "" for each in shown]
    prompts = [""] * len(texts) if encoding.prompt is None else render_prompts(encoding.prompt, distinct)
    assert metric.speech is not None, "a metric that asks about texts has a tokenizer"
    try:
        found = continue_prompts(open_tokenizer(metric.speech.folder, metric.speech.tokenizer), prompts, texts)
    except UnknownTextError as problem:
        message = f"metric `{metric.name}` asks about a text that is no tokens: {problem}"
        raise EnvironmentProblem("CS549", message, "write it in words of the tokenizer") from None
    for said, ids in zip(texts, found, strict=True):
        if ids is None:
            message = f"the text `{said}` of metric `{metric.name}` is no token of its own after a prompt"
            raise EnvironmentProblem("CS549", message, "start the text with a space, and end the prompt without one")
    rows = [np.array(ids, dtype=np.int64) for ids in found]
    return fill_rows(rows)[which.ravel()]
