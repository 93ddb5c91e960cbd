"""What results depend on besides content: the versions of the steps' code, the engines, the threads of a run."""

from typing import Literal

CODE_VERSIONS = {"items": 2, "encode": 1, "network": 1, "fit": 3, "rank": 1, "evaluate": 3, "decide": 3}
"""The version of each step's code: raised whenever a step's result changes for the same content."""

EngineName = Literal["fused", "hooks", "pyvene"]

THREADS = 1
"""Threads of a run. Small networks are slower on more, and numbers depend on how many there are."""
