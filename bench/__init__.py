"""Benchmarks: ratios on one machine, never assertions."""
