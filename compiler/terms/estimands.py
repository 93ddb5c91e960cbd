"""The estimands by their names, and the version of each one's definition."""

from typing import Literal

EstimandName = Literal[
    "accuracy",
    "iia",
    "cause",
    "isolate",
    "iia ->",
    "iia from",
    "probe",
    "cae",
    "divergence",
    "effect",
    "change",
    "mean",
]

ESTIMAND_VERSIONS: dict[EstimandName, int] = {
    "accuracy": 1,
    "iia": 1,
    "cause": 1,
    "isolate": 1,
    "iia ->": 1,
    "iia from": 1,
    "probe": 1,
    "cae": 3,
    "divergence": 2,
    "effect": 1,
    "change": 1,
    "mean": 1,
}
"""The version of each estimand's definition, as docs/estimands.md states it: part of every evaluation's key."""
