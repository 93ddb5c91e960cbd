"""What all tests share: the golden files' flag, repeatable examples, one torch thread, and a guard against hangs."""

import os
import signal
import sys
from collections.abc import Iterator
from types import FrameType

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
