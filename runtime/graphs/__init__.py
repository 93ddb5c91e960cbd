"""Graphs: what the nodes of a network's graph do to each other, measured pair by pair."""
