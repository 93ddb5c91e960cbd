"""Measured speed: `python -m benchmarks NAME [--json]`. Never a test: what is timed depends on the machine."""
