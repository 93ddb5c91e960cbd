"""The optimiser: from a naive plan to one that means the same and computes less, a small rewrite at a time."""

from .optimise_plan import optimise_for_engines as optimise_for_engines
