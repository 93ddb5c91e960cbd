"""The engine of a run where none is asked for."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .experiments import NetworkFile
from .network_facts import TransformerFacts

if TYPE_CHECKING:  # networkx is no part of checking
    from .plan import EngineName


def choose_engine(networks: Iterable[NetworkFile]) -> "tuple[EngineName, str]":
    """`fused`, unless the layers of some network cannot be run apart; and why not, in words."""
    for file in networks:
        if isinstance(file.facts, TransformerFacts) and not file.facts.known:
            why = (
                f"the layers of `{file.name}`, a `{file.facts.architecture}`, are not known, so that its runs are whole"
            )
            return "hooks", why
    return "fused", ""
