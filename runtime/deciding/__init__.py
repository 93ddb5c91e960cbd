"""From scores to verdicts: rulings, controls, vetoes, and the ledgers of looks and decisions."""
