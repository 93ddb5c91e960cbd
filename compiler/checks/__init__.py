"""Checks of a typed program against its models, its networks' files and its items, before anything runs."""
