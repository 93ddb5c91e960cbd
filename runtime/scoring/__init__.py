"""From terms and items to scores: what networks say, held against the causal model or against each other."""
