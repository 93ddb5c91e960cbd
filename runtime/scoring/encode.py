"""Encode: from inputs as the causal model's codes to the rows that a network is fed."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...compiler.encode_prompts import BadPromptError, PromptEncoding, PromptRows
from ...compiler.experiments import Encoding
from ...compiler.network_facts import BadCheckpointError, Tokenizer, read_tokenizer
from ...compiler.sampling.items import Items
from ..errors import EnvironmentProblem

Codes = npt.NDArray[np.int64]


def encode(items: Items, encoding: Encoding) -> Codes:
    """The rows of items, shape [item, role, column]."""
    count, roles, inputs = items.inputs.shape
    rows = encode_inputs(items.inputs.reshape(count * roles, inputs), encoding)
    return rows.reshape(count, roles, rows.shape[1])


def encode_inputs(codes: Codes, encoding: Encoding) -> Codes:
    """The rows of inputs [input, column], shape [input, column of the row].

    Of `tokens` a value's index in its domain is its token id; of a `vector` the values are themselves fed. A prompt is
    rendered and cut into tokens once.

    Raises:
        EnvironmentProblem: a prompt cannot be fed, or the tokenizer is broken.
    """
    if encoding.prompt is None:
        fed = np.ascontiguousarray(codes[:, list(encoding.columns)])
        return fed + np.array(encoding.lows, dtype=np.int64) if encoding.lows else fed
    return _open_prompts(encoding.prompt).encode(codes)


def show_class(index: int, encoding: Encoding) -> str:
    """A class that is no declared answer: its number, or after a prompt the token's text in quotes."""
    if encoding.prompt is None:
        return f"class {index}"
    return f'"{_open_prompts(encoding.prompt).tokenizer().decode(index)}"'


@lru_cache(maxsize=8)
def open_tokenizer(folder: Path, digest: str) -> Tokenizer:
    """The tokenizer in a folder; `digest` is its file's hash, so that another one is opened anew.

    Raises:
        EnvironmentProblem: it is broken.
    """
    try:
        return read_tokenizer(folder)
    except BadCheckpointError as problem:
        message = f"the tokenizer in `{folder}` cannot be used: {problem.reason}"
        raise EnvironmentProblem(problem.code, message, problem.remedy) from None


class _Prompts:
    """The prompts of one task for one network."""

    def __init__(self, encoding: PromptEncoding) -> None:
        self.encoding = encoding
        self._rows = PromptRows(encoding, self.tokenizer())

    def encode(self, codes: Codes) -> Codes:
        """The rows of inputs. Raises EnvironmentProblem."""
        try:
            return self._rows.encode(codes)
        except BadPromptError as problem:
            message = f"the prompt `{problem.text}` cannot be fed: {problem.reason}"
            raise EnvironmentProblem("CS549", message, "change the template, or what `require` admits") from None

    def tokenizer(self) -> Tokenizer:
        """The network's tokenizer. Raises EnvironmentProblem."""
        return open_tokenizer(self.encoding.folder, self.encoding.tokenizer)


_open_prompts = lru_cache(maxsize=8)(_Prompts)
