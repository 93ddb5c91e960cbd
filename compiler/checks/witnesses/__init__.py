"""Searches for a reachable state of a model in which something is true, and what they may cost."""
