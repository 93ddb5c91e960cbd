"""Several files as one: what a spec imports is put behind its text, and names are kept apart where they clash.

The text of all files together is one source, so that a span means a place in any of them.
"""
