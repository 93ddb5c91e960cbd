"""What a score asks of a network for one item: which inputs are run as they are, which runs are intervened in.

This says of terms what the engines do with them; tests count the passes of both.
"""

from .ask_runs import ask_interchange as ask_interchange
from .ask_runs import ask_metric as ask_metric
from .ask_runs import ask_moved as ask_moved
from .ask_runs import ask_score as ask_score
from .ask_runs import read_stages as read_stages
from .asked import Asked as Asked
from .asked import AskedMetric as AskedMetric
from .asked import SharedRuns as SharedRuns
