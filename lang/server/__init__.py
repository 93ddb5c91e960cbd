"""The language server: one file for each thing that an editor asks, and `serve.py`, which speaks its protocol.

All but `serve.py` are functions of an `Analysis`, with offsets for places.
"""
