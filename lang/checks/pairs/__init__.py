"""Recipes for pairs as written -> typed, and which recipe is meant where one is used."""
