"""Declarations as written -> declarations of the program: names, types and ranges, one file for each kind of thing.

Every function gives a typed copy, or None where it reported an error.
"""
