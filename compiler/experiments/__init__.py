"""Experiments: claims with every estimand lowered to a term, a population of items, and a place in a network."""

from .claims import Control as Control
from .claims import Experiment as Experiment
from .claims import Part as Part
from .claims import Quantity as Quantity
from .claims import signs_in as signs_in
from .encodings import AnswerAt as AnswerAt
from .encodings import Encoding as Encoding
from .graphs import Edge as Edge
from .graphs import GraphExperiment as GraphExperiment
from .graphs import GraphItems as GraphItems
from .graphs import Paths as Paths
from .measurements import Fitting as Fitting
from .measurements import Measurement as Measurement
from .measurements import Origin as Origin
from .measurements import Ranking as Ranking
from .network_files import NetworkFile as NetworkFile
