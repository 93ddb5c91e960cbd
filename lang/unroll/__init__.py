"""Loops -> plain declarations and lines: every `for` and comprehension written out, before names and types.

What comes out has no loop, and no index that is a number or a symbol that is known: `x[i + 1]` is the name `x[3]` where
`i` is 2. A condition on loop variables alone is decided here, and what it rules out is left away before its indices are
looked at.
"""
