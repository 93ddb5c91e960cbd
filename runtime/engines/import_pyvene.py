"""pyvene, which is an extra: imported late, silently, and with a remedy where it is not installed."""

import contextlib
import importlib
import importlib.util
import io
from typing import Any

from ..errors import EnvironmentProblem


def import_pyvene() -> Any:
    """pyvene, imported late (it is heavy) and silently (it prints on import).

    Raises:
        EnvironmentProblem: it is not installed, or one of the packages that it needs is not.
    """
    check_pyvene()
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            return importlib.import_module("pyvene")
    except ImportError as problem:
        raise _absent(f"pyvene cannot be imported: {problem}") from None


def check_pyvene() -> None:
    """pyvene is installed; it is not imported.

    Raises:
        EnvironmentProblem: it is not.
    """
    if importlib.util.find_spec("pyvene") is None:
        raise _absent("the engine `pyvene` needs the package `pyvene`, which is not installed")


def _absent(message: str) -> EnvironmentProblem:
    help = 'install it, `pip install "cspec[pyvene]"`, or leave `--engine` out'
    return EnvironmentProblem("CS032", message, help)
