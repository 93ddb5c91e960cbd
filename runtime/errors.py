"""What can go wrong outside the spec: the environment's problems, told apart from verdicts and from bugs of ours."""

from collections.abc import Iterator
from contextlib import contextmanager

OF_NETWORKS = frozenset(f"CS{number}" for number in (*range(502, 509), 532, 533, *range(536, 540), 548, 549))
"""Problems that lie in a network's files, its device, or what its runs give."""


class EnvironmentProblem(Exception):
    """Something that the spec relies on is missing or broken: a checkpoint, a device, finite activations.

    `network` is the name of the network that it lies in; None where it lies in none.
    """

    def __init__(self, code: str, message: str, help: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.help = code, message, help
        self.network: str | None = None


@contextmanager
def running(network: str) -> Iterator[None]:
    """Problems of networks that are met inside name this one, unless they name another."""
    try:
        yield
    except EnvironmentProblem as problem:
        if problem.code in OF_NETWORKS and problem.network is None:
            problem.network = network
        raise


class EngineRefusal(Exception):
    """A term that an engine cannot evaluate rightly, and therefore refuses by name; `help` is a known remedy."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.help = help
