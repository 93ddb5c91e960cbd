"""The parse tree of one declaration -> its syntax node.

`build_declaration.py` walks the tree and calls one function a grammar rule, `build_RULE(span, children)`: the rule's
span and its children's nodes in, its node out. The rules lie beside it, in the files of `syntax`.
"""
