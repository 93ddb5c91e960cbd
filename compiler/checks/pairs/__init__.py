"""Checks of recipes for pairs, and of the items that claims need of them."""
