"""Measures the portal against baselines in the same run: `make bench`."""
