"""A causal model as written -> its equations, and its mechanisms in topological order."""
