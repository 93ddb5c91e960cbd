"""What the typed program measures as the algebra has it: terms, items, and places in networks."""
