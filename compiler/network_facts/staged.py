"""Networks that compute in stages, one after the other, each of which is a site."""

from typing import ClassVar


class StagedFacts:
    """What facts of such networks have alike: the sites `stage[0]` to `stage[last_layer]`, and `logits`."""

    stage: ClassVar[str]
    """The component that every stage is a site of."""

    @property
    def last_layer(self) -> int:
        """The number of the last stage."""
        raise NotImplementedError

    @property
    def first_site(self) -> tuple[str, int]:
        return self.stage, 0

    @property
    def last_site(self) -> tuple[str, int]:
        return self.stage, self.last_layer

    def next_site(self, component: str, layer: int | None) -> tuple[str, int] | None:
        """The next stage."""
        return None if layer is None or layer >= self.last_layer else (self.stage, layer + 1)

    def layers(self, component: str) -> tuple[int | None, ...]:
        """Of a stage 0 to the last; `logits` has none."""
        if component == self.stage:
            return tuple(range(self.last_layer + 1))
        return (None,) if component == "logits" else ()

    @property
    def parallel(self) -> bool:
        """No two sites of a stage are computed side by side."""
        return False

    def module_width(self, path: str) -> int | None:
        """Modules are no sites of it."""
        return None

    def heads_of(self, component: str) -> int:
        """Heads are no sites of it."""
        return 0
