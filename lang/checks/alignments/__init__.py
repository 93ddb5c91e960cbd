"""Alignments as written -> typed placements of a model's variables, consistent among themselves."""
