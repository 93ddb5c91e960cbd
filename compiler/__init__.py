"""From the typed program to the plan. `pipeline.py` is the driver; every pass is a file named by its arrow."""
