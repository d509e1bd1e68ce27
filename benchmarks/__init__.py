"""Measurements behind the claims about speed and memory: `python -m benchmarks`."""
