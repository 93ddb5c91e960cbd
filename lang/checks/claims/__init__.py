"""Claims as written -> typed comparisons of estimands, effects, means and accuracies, and what is expected of them."""
