"""Data files that a spec names -> what they mean to it: entities with attributes, and the rows of tables."""
