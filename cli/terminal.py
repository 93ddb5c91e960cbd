"""Progress of long work on stderr: a bar on a terminal; elsewhere, as in the log of a CI job, now and then a line."""

import contextlib
import time
from collections.abc import Iterator
from typing import Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from .streams import put

QUIET = 300.0
"""Seconds without a word after which a log gets a line; some CI systems end a job that says nothing for ten minutes."""


class Bars:
    """The runtime's progress as one bar at a time."""

    def __init__(self, bars: Progress) -> None:
        self.bars = bars
        self.task: TaskID | None = None

    def start(self, label: str, total: int) -> None:
        """See `runtime.progress.Progress`."""
        self.task = self.bars.add_task(label, total=total)

    def advance(self, parts: int = 1) -> None:
        """See `runtime.progress.Progress`."""
        if self.task is not None:
            self.bars.advance(self.task, parts)

    def finish(self) -> None:
        """See `runtime.progress.Progress`."""
        if self.task is not None:
            self.bars.remove_task(self.task)
            self.task = None

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """While something is printed, no bar is drawn."""
        self.bars.stop()
        try:
            yield
        finally:
            self.bars.start()


class Lines:
    """The runtime's progress as a line after every five minutes without a word; none where `stream` is None."""

    def __init__(self, stream: TextIO | None) -> None:
        self.stream = stream
        self.label, self.total, self.done = "", 0, 0
        self.spoken = time.monotonic()

    def start(self, label: str, total: int) -> None:
        """See `runtime.progress.Progress`."""
        self.label, self.total, self.done = label, total, 0

    def advance(self, parts: int = 1) -> None:
        """See `runtime.progress.Progress`."""
        self.done += parts
        if self.stream is not None and time.monotonic() - self.spoken >= QUIET:
            put(f"{self.label}: {self.done:,} of {self.total:,}\n", self.stream)
            self.spoken = time.monotonic()

    def finish(self) -> None:
        """See `runtime.progress.Progress`."""

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Something is printed."""
        yield
        self.spoken = time.monotonic()


@contextlib.contextmanager
def terminal_progress(stream: TextIO, silent: bool) -> Iterator[Bars | Lines]:
    """Bars on a terminal, lines elsewhere; nothing where it is to be `silent`."""
    if silent or not stream.isatty():
        yield Lines(None if silent else stream)
        return
    columns: list[Any] = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()]
    with Progress(*columns, console=Console(file=stream), transient=True) as bars:
        yield Bars(bars)
