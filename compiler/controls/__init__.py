"""Controls: the same experiment where nothing is to be found, or where something must be.

`lower_controls.py` makes them of a measurement, `lower_flipped.py` the one that needs to know what inputs can do, and
`lower_nulls.py` what stands beside effects; below them lie the models that they put in the place of the claim's.
"""
