"""Pricing: what a plan costs to run, counted before anything runs, and the plan as text and as values with it."""

from .describe_steps import describe, describe_grounding
from .price_plan import PlanPrice, price_plan
from .prices import Price
from .render_plan import plan_table, render_plan

__all__ = ["PlanPrice", "Price", "describe", "describe_grounding", "plan_table", "price_plan", "render_plan"]
