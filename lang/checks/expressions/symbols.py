"""The symbols of a file: which types list each, and which names may be symbols of types that could not be read."""

from ...domains import Domain


class Symbols(dict[str, list[Domain]]):
    """The domains that list each symbol.

    `unread`: some type's values are not known, so that any name may be one of them. `spoilt` are the values of types
    that are wrong otherwise.
    """

    def __init__(self) -> None:
        super().__init__()
        self.unread = False
        self.spoilt: set[str] = set()

    def may_hold(self, word: str) -> bool:
        """Whether a name that no sound type lists may be a symbol all the same: then it is not reported as unknown."""
        return self.unread or word in self.spoilt
