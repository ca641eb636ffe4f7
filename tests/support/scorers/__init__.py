"""Scorers of tests, found in place of the package's own."""
