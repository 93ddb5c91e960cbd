"""Items drawn exactly: from a recipe to populations, to streams of each split, and to whole domains.

`items.py` has the types, `draw_items.py` opens a population and draws, `enumerate_items.py` runs through a domain;
below them lie splits, spaces of inputs, halves, streams, and the weighted tables that make draws exact.
"""
