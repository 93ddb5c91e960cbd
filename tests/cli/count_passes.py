"""Passes through plain networks, counted while a plan runs: what prices are held against."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from cspec.runtime.networks import PlainNetwork
from cspec.runtime.networks.protocol import SiteEdit
from torch import Tensor


class Counted:
    """Rows that networks were given from here on.

    `clean` went in at the input without edits, `forward` on to the logits with edits in force.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clean = self.forward = self.edits = 0
        begun = {kind: kind.start for kind in PlainNetwork.__subclasses__()}
        finished, edited = PlainNetwork.finish, PlainNetwork.edited

        def start(network: PlainNetwork, tokens: Tensor) -> Tensor:
            self.clean += 0 if self.edits else len(tokens)
            return begun[type(network)](network, tokens)

        def finish(network: PlainNetwork, state: Tensor, *others: Any, **named: Any) -> Tensor:
            self.forward += len(state) if self.edits else 0
            return finished(network, state, *others, **named)

        @contextmanager
        def within(network: PlainNetwork, edits: Sequence[SiteEdit]) -> Iterator[None]:
            with edited(network, edits):
                self.edits += 1
                try:
                    yield
                finally:
                    self.edits -= 1

        for kind in begun:
            monkeypatch.setattr(kind, "start", start)
        monkeypatch.setattr(PlainNetwork, "finish", finish)
        monkeypatch.setattr(PlainNetwork, "edited", within)
