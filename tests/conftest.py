"""What all tests share: the flag that rewrites golden files, repeatable examples, and one torch thread."""

import os
import sys

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
