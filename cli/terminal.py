"""Progress bars on long work: on stderr, and only on a terminal."""

import contextlib
from collections.abc import Iterator
from typing import Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn


class TerminalProgress:
    """The runtime's progress as one bar at a time."""

    def __init__(self, bars: Progress | None) -> None:
        self.bars = bars
        self.task: TaskID | None = None

    def start(self, label: str, total: int) -> None:
        """See `runtime.progress.Progress`."""
        if self.bars is not None:
            self.task = self.bars.add_task(label, total=total)

    def advance(self, parts: int = 1) -> None:
        """See `runtime.progress.Progress`."""
        if self.bars is not None and self.task is not None:
            self.bars.advance(self.task, parts)

    def finish(self) -> None:
        """See `runtime.progress.Progress`."""
        if self.bars is not None and self.task is not None:
            self.bars.remove_task(self.task)
            self.task = None

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """While something is printed, no bar is drawn."""
        if self.bars is None:
            yield
            return
        self.bars.stop()
        try:
            yield
        finally:
            self.bars.start()


@contextlib.contextmanager
def terminal_progress(stream: TextIO, silent: bool) -> Iterator[TerminalProgress]:
    """Bars on a terminal, silence elsewhere."""
    if silent or not stream.isatty():
        yield TerminalProgress(None)
        return
    columns: list[Any] = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()]
    with Progress(*columns, console=Console(file=stream), transient=True) as bars:
        yield TerminalProgress(bars)
