"""Checks of a typed program against its models, its networks' files and its items, before anything runs.

A folder for each of them; those of models and of pairs search for witnesses.
"""
