"""How long work reports on itself: a protocol, and the silent implementation. The terminal's is the CLI's."""

from typing import Protocol


class Progress(Protocol):
    """Told what is being done and how far it is."""

    def start(self, label: str, total: int) -> None:
        """A new piece of work of `total` parts begins."""

    def advance(self, parts: int = 1) -> None:
        """So many more parts are done."""

    def finish(self) -> None:
        """The piece of work is done."""


class Silent:
    """Says nothing."""

    def start(self, label: str, total: int) -> None:
        """See `Progress.start`."""

    def advance(self, parts: int = 1) -> None:
        """See `Progress.advance`."""

    def finish(self) -> None:
        """See `Progress.finish`."""
