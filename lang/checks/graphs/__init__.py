"""Circuits and graphs as written -> typed: sites and nodes whose effects are measured."""
