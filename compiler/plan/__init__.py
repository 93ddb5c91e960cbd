"""The plan: a directed acyclic graph of pure steps, each identified by the content that its result depends on.

    Items -> Encode -> Capture -> Fit, Rank -> Evaluate -> Decide

Items draws bases and sources, Encode makes tokens of them, Capture runs them as they are and keeps what is read, Fit
trains a map, Rank scores the sites that a circuit is chosen from, Evaluate scores a term item by item, Decide gives a
claim's verdict. Names and paths travel along for people and enter no key.

Those who run a plan read nothing of the language but what steps hold of it, and that they find here.
"""

from ...lang.claims import Case as Case
from ...lang.program import FitSettings as FitSettings
from .decisions import ClaimText as ClaimText
from .decisions import DecideStep as DecideStep
from .decisions import MeasuredQuantity as MeasuredQuantity
from .decisions import PlannedControl as PlannedControl
from .evaluations import Candidate as Candidate
from .evaluations import EvaluateStep as EvaluateStep
from .evaluations import FoundCircuit as FoundCircuit
from .evaluations import OriginPlaces as OriginPlaces
from .evaluations import OtherNetwork as OtherNetwork
from .evaluations import RankStep as RankStep
from .evaluations import RepliesKeys as RepliesKeys
from .fits import FitStep as FitStep
from .graphs import GraphNode as GraphNode
from .graphs import GraphStep as GraphStep
from .graphs import PlannedEdge as PlannedEdge
from .graphs import PlannedPaths as PlannedPaths
from .inputs import CaptureStep as CaptureStep
from .inputs import EncodeStep as EncodeStep
from .inputs import ItemsStep as ItemsStep
from .inputs import NetworkSource as NetworkSource
from .plan import Plan as Plan
from .plan import Runner as Runner
from .plan import Step as Step
from .versions import CODE_VERSIONS as CODE_VERSIONS
from .versions import THREADS as THREADS
from .versions import EngineName as EngineName
