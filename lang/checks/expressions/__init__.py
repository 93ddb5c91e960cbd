"""Expressions as written -> typed expressions, in the scope in which they stand."""
