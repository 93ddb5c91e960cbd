"""Networks as written -> typed, and what names a place in one: references, sites and positions."""
