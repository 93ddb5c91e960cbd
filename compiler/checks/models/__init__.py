"""Checks of causal models by themselves and against each other, by enumeration and proof."""
