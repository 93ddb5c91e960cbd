"""Intervals: of a fixed number of items, valid at every look, and of inequalities between estimands."""
