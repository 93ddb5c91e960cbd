"""Finding maps: training, closed forms, searches over dims and sites; and what a fit hands on."""
