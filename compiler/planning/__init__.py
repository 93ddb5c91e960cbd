"""From experiments to the naive plan: every step keyed by its content, so that equal steps are one step.

`plan_experiments` is the way in; it plans claims and graphs, these plan evaluations, and those the fits, rankings and
items that they need. All of them add steps to one `StepGraph`.
"""

from .plan_experiments import plan_experiments

__all__ = ["plan_experiments"]
