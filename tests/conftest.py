"""What all tests share: the golden files' flag, repeatable examples, one torch thread, and a guard against hangs."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest
from hypothesis import settings

# The same examples in every run: a failure is that of the change at hand.
settings.register_profile("repeatable", derandomize=True, database=None)
settings.load_profile("repeatable")

os.environ.setdefault("NO_COLOR", "1")
os.environ["COLUMNS"] = "80"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files from what is printed now")


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    """Small networks are faster on one thread, and numbers depend on it."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


@pytest.fixture
def ends() -> Iterator[None]:
    """Fails a test that hangs, where it hangs: after a minute of its own work, however busy the machine is."""

    def stop(signum: int, frame: FrameType | None) -> None:
        pytest.fail("it hangs")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, 60)
    yield
    signal.setitimer(signal.ITIMER_PROF, 0)
    signal.signal(signal.SIGPROF, before)


class Passes:
    """Rows that networks were given: `clean` went in at the input without edits, `forward` on to the logits with edits.

    What the prices of plans are held against. `edits` are those in force. A run that goes on is what it has begun as.
    """

    def __init__(self) -> None:
        self.clean = self.forward = self.edits = 0
        self.begun_edited = False


@pytest.fixture
def count_passes(monkeypatch: pytest.MonkeyPatch) -> Callable[[type], Passes]:
    """Starts to count the passes through the networks of a class and its subclasses."""

    def count(family: type) -> Passes:
        passes = Passes()
        for kind in (family, *family.__subclasses__()):
            for name, wrap in (
                ("start", started),
                ("finish", finished),
                ("edited", edited),
                ("go_on", going_on),
            ):
                if name in vars(kind):
                    monkeypatch.setattr(kind, name, wrap(passes, vars(kind)[name]))
        return passes

    def started(passes: Passes, start: Callable[..., Any]) -> Callable[..., Any]:
        def counted(network: Any, tokens: Any) -> Any:
            passes.clean += 0 if passes.edits else len(tokens)
            return start(network, tokens)

        return counted

    def finished(passes: Passes, finish: Callable[..., Any]) -> Callable[..., Any]:
        def counted(network: Any, state: Any, *others: Any, **named: Any) -> Any:
            passes.forward += len(state) if passes.edits else 0
            return finish(network, state, *others, **named)

        return counted

    def going_on(passes: Passes, go_on: Callable[..., Any]) -> Callable[..., Any]:
        def counted(network: Any, tokens: Any, prefix: Any) -> Any:
            if prefix is None:
                passes.begun_edited = bool(passes.edits)
            passes.forward += len(tokens) if passes.begun_edited else 0
            passes.clean += 0 if passes.begun_edited else len(tokens)
            return go_on(network, tokens, prefix)

        return counted

    def edited(passes: Passes, edit: Callable[..., Any]) -> Callable[..., Any]:
        @contextmanager
        def counted(network: Any, edits: Any) -> Iterator[None]:
            with edit(network, edits):
                passes.edits += 1
                try:
                    yield
                finally:
                    passes.edits -= 1

        return counted

    return count
