"""Metrics: from runs of a network to the numbers that a task's metrics are on them."""

from .awaiting import AwaitingScores as AwaitingScores
from .awaiting import Missing as Missing
from .awaiting import missing_name as missing_name
from .read_metric import Judging as Judging
from .read_metric import MetricValues as MetricValues
from .read_metric import read_metric as read_metric
from .read_metric import rounding_of as rounding_of
from .replies import Replies as Replies
from .score_metric import score_metric as score_metric
