"""What an evaluation is run with besides its items: other networks, and what metrics need."""

from dataclasses import replace

from ...compiler.plan import EvaluateStep
from ..fitting.fits import Fits
from ..metrics import AwaitingScores, Judging, Missing, Replies
from ..metrics.replies import replies_content
from .other_networks import Other


class Surroundings:
    """The surroundings of one plan's evaluations. `missing` are the rows that tables of scores lack so far."""

    def __init__(self, fits: Fits) -> None:
        self.fits, self.missing = fits, Missing()

    def others(self, step: EvaluateStep, candidate: int) -> dict[str, Other]:
        """Engines on the other networks in which values are read, through the maps of the one that is measured."""
        sources = {
            other.name: (replace(step.candidates[candidate], network=other.network), other) for other in step.others
        }
        return {
            name: Other(self.fits.engine(there, step, other.encoding, elsewhere=True), other.encoding)
            for name, (there, other) in sources.items()
        }

    def judging(self, step: EvaluateStep, index: int, cells: tuple[str, ...] = ()) -> Judging:
        """What a metric needs on one candidate: what its network has generated, and where to note missing rows.

        `cells` are those of found circuits.
        """
        if step.replies is None:
            return Judging(Missing())
        candidate = step.candidates[index]
        content = replies_content(candidate, index, self.fits.maps(candidate), cells)
        return Judging(Missing(), Replies(self.fits.store, step.replies, candidate.network.key, content))

    def await_rows(self, judging: Judging) -> None:
        """Raises AwaitingScores where a table lacked rows, and notes them."""
        if judging.missing.keys:
            self.missing.take(judging.missing)
            raise AwaitingScores(judging.missing)
