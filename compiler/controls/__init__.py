"""Controls: the same experiment where nothing is to be found, or where something must be.

`lower_controls.py` makes them of a measurement, `lower_flipped.py` the one that needs to know what inputs can do; below
them lie the models that they put in the place of the claim's.
"""
