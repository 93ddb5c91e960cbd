"""`python -m cspec.benchmarks.passes SPEC`: how much of `cspec verify` is spent in passes of networks.

Passes are what networks run forward, without the edits that are made in it, and gradients on the way back. All other
processor time from the start of the process on is overhead: imports, checking, items, maps, optimiser, scores,
intervals, the store.
"""

import functools
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from cspec import verify
from cspec.runtime.networks.protocol import SiteEdit
from cspec.runtime.networks.stages import PlainNetwork
from cspec.runtime.networks.transformers import TransformerNetwork


class Stopwatch:
    """The processor time spent `inside` some calls, without that of others which they make."""

    def __init__(self) -> None:
        self.inside, self._running, self._since = 0.0, False, 0.0

    @contextmanager
    def running(self, wanted: bool) -> Iterator[None]:
        """Run, or stand still, within it."""
        before = self._running
        self._turn(wanted)
        try:
            yield
        finally:
            self._turn(before)

    def _turn(self, wanted: bool) -> None:
        now = time.process_time()
        self.inside += now - self._since if self._running else 0.0
        self._running, self._since = wanted, now

    def wrap(self, call: Callable[..., Any], wanted: bool) -> Callable[..., Any]:
        """The same call, within which the watch runs or stands still."""

        @functools.wraps(call)
        def timed(*given: Any, **named: Any) -> Any:
            with self.running(wanted):
                return call(*given, **named)

        return timed


def watch_passes() -> Stopwatch:
    """A watch that runs during all passes of networks from now on."""
    watch = Stopwatch()
    for kind in (PlainNetwork, TransformerNetwork):
        for name in ("start", "advance", "finish", "prefix"):
            setattr(kind, name, watch.wrap(getattr(kind, name), True))
        kind.edited = _without_edits(watch, kind.edited)  # type: ignore[method-assign, assignment]
    torch.Tensor.backward = watch.wrap(torch.Tensor.backward, True)  # type: ignore[method-assign]
    return watch


def _without_edits(watch: Stopwatch, edited: Callable[..., Any]) -> Callable[..., Any]:
    def timed(network: object, edits: Sequence[SiteEdit]) -> Any:
        return edited(network, [(*site, watch.wrap(edit, False)) for *site, edit in edits])

    return timed


def main() -> None:
    """Verify a spec in a fresh store, and print the seconds of passes and of everything."""
    watch = watch_passes()
    with tempfile.TemporaryDirectory() as store:
        verify(sys.argv[1], store=store)
    print(json.dumps({"passes": watch.inside, "whole": time.process_time()}))


if __name__ == "__main__":
    main()
