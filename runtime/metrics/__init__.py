"""Metrics: from runs of a network to the numbers that a task's metrics are on them."""

from .read_metric import MetricValues as MetricValues
from .read_metric import read_metric as read_metric
from .score_metric import score_metric as score_metric
