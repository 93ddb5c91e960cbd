"""The room that captures take in memory: one for all networks of a plan together."""

from typing import Protocol

from ...compiler.budgets import CAPTURE_ROOM


class Holder(Protocol):
    """Captures of one network."""

    @property
    def size(self) -> int:
        """The bytes that they hold in memory."""

    def forget(self) -> None:
        """Hold nothing any more."""


class CaptureRoom:
    """So many bytes for all holders together, about. Where one needs more, those that grew longest ago hold nothing."""

    def __init__(self, size: int = CAPTURE_ROOM) -> None:
        self.size = size
        self._holders: list[Holder] = []

    def has_room(self, holder: Holder, wanted: int) -> bool:
        """Whether a holder may hold so many bytes more, now that others have given theirs up for it."""
        self._holders = [other for other in self._holders if other is not holder]
        others, own = [other for other in self._holders if other.size], holder.size
        for other in others:
            if self._held() + own + wanted <= self.size or own + wanted > self.size:
                break
            other.forget()
        self._holders.append(holder)
        return self._held() + wanted <= self.size

    def _held(self) -> int:
        return sum(holder.size for holder in self._holders)
