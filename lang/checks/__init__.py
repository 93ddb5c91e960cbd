"""Declarations as written -> declarations of the program: names, types and ranges, one folder for each kind of thing.

Every function gives a typed copy, or None where it reported an error. Folders read each other one way only:
expressions and networks, definitions, tasks and models, pairs, alignments and effects, claims and graphs.
"""
