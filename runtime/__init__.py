"""From the plan to verdicts: networks, engines, fits, scores, decisions, the store. torch is imported only here."""
