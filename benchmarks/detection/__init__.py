"""Measures how well copies are found, and how seldom the innocent are flagged: `python -m benchmarks.detection`."""
