"""Problems of networks that show only when they are run, with the place where the network is declared."""

from collections.abc import Iterator
from contextlib import contextmanager

from ..compiler.pipeline import Checked
from ..lang.diagnostics import Diagnostic, Label, SpecError
from ..runtime.errors import EnvironmentProblem


@contextmanager
def placed_in(checked: Checked) -> Iterator[None]:
    """Turns problems of a spec's networks into diagnostics at their declarations; others stay what they are.

    Raises:
        SpecError: a network cannot be used, or its runs give nothing that can be judged.
    """
    try:
        yield
    except EnvironmentProblem as problem:
        network = checked.program.networks.get(problem.network or "")
        if network is None:
            raise
        label = Label(network.path_span)
        raise SpecError(
            checked.source, (Diagnostic(problem.code, problem.message, label, help=problem.help),)
        ) from None
