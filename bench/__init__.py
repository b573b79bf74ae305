"""Bench: side-by-side benchmarks, each against a bare or foreign way of doing the same, in one run."""
