"""A network's file, with what was read of it without its weights."""

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from ...lang.record import record
from ..groundings import Autoencoder
from ..network_facts import NetworkFacts
from ..prompts import SpokenTask


@record
class NetworkFile:
    """A network's file or folder and what its header or configuration says, and where and how it is to be run.

    `name` and `path` are for people and enter no key. `spoken` are the tasks in text that it is fed, by name, and
    `autoencoders` those of its sites, by the path that the spec writes.
    """

    name: str
    path: Path
    facts: NetworkFacts
    dtype: str = "float32"
    device: str = "cpu"
    spoken: Mapping[str, SpokenTask] = field(default_factory=dict, compare=False)
    autoencoders: Mapping[str, Autoencoder] = field(default_factory=dict, compare=False)
