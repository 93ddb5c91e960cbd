"""What is said of a claim that does not hold: counterexamples, regions, replay."""
