"""The syntax tree: what a file says, before names are resolved and types are known.

Every node is frozen and carries the span of its text, which is never compared: trees are equal if they say the same.
`tree.py` is the whole; a file for each kind of declaration lies below it, and `leaves.py` at the bottom.
"""
