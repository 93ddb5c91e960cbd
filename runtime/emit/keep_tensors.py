"""The tensors that a script reads: as a safetensors file's bytes, or in a store for a script that is only printed."""

import hashlib
from pathlib import Path

from safetensors.torch import save

from ..results.store import Store
from .repetition import Repetition


def tensor_bytes(repetition: Repetition) -> bytes:
    """A safetensors file of the items and the maps."""
    found: bytes = save(repetition.tensors)
    return found


def keep_tensors(store: Store, repetition: Repetition) -> Path:
    """The file of a store that holds them, by their content.

    Raises:
        EnvironmentProblem: the store cannot be written.
    """
    key = hashlib.sha256(tensor_bytes(repetition)).hexdigest()
    store.save(key, repetition.tensors, {"script": repetition.estimand})
    return store.artifact(key)
