"""cspec."""
