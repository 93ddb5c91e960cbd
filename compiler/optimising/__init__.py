"""The optimiser: from a naive plan to one that means the same and computes less, a small rewrite at a time."""

from .optimise_plan import BY_ENGINE as BY_ENGINE
from .optimise_plan import optimise_plan as optimise_plan
