"""Counterfactual terms: the one small algebra that every estimand lowers to, and that two worlds interpret.

The causal model and the network both evaluate the paired terms; interchange intervention accuracy is how often the
two agree. All other terms compare runs of networks. `algebra.py` has what terms are made of; `render_terms.py` prints
a term.
"""

from .algebra import CORRECT as CORRECT
from .algebra import REST_AT as REST_AT
from .algebra import Agree as Agree
from .algebra import Amount as Amount
from .algebra import Apart as Apart
from .algebra import Assignment as Assignment
from .algebra import Candidate as Candidate
from .algebra import Cell as Cell
from .algebra import CodeOf as CodeOf
from .algebra import Differ as Differ
from .algebra import Distance as Distance
from .algebra import Estimate as Estimate
from .algebra import Expectation as Expectation
from .algebra import Found as Found
from .algebra import Gain as Gain
from .algebra import Handle as Handle
from .algebra import Here as Here
from .algebra import MeanOver as MeanOver
from .algebra import MetricOf as MetricOf
from .algebra import ModelWorld as ModelWorld
from .algebra import NetworkWorld as NetworkWorld
from .algebra import Noise as Noise
from .algebra import Number as Number
from .algebra import OutputOf as OutputOf
from .algebra import Plus as Plus
from .algebra import Query as Query
from .algebra import RandomCells as RandomCells
from .algebra import RandomVector as RandomVector
from .algebra import ReadsRight as ReadsRight
from .algebra import Resampled as Resampled
from .algebra import Rest as Rest
from .algebra import Run as Run
from .algebra import Score as Score
from .algebra import Sum as Sum
from .algebra import Value as Value
from .algebra import ValueOf as ValueOf
from .algebra import World as World
from .algebra import WrongReads as WrongReads
from .algebra import own_name as own_name
from .estimands import ESTIMAND_VERSIONS as ESTIMAND_VERSIONS
from .estimands import EstimandName as EstimandName
from .make_terms import along_edge as along_edge
from .make_terms import interchange as interchange
from .make_terms import plain as plain
from .read_terms import inputs_read as inputs_read
from .read_terms import measured_run as measured_run
from .read_terms import metric_runs as metric_runs
from .read_terms import parts_of as parts_of
from .read_terms import taken_values as taken_values
from .read_terms import values_of as values_of
from .rewrite_terms import in_worlds as in_worlds
from .rewrite_terms import on_model as on_model
from .rewrite_terms import on_random as on_random
from .rewrite_terms import rewrite as rewrite
from .rewrite_terms import unnamed_metric as unnamed_metric
