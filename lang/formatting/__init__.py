"""The formatter: text -> the same text in the one layout of the language.

It never adds or takes a token or a comment. `format_text.py` is the driver; the stages stand in its order.
"""
