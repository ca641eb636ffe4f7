"""Metrics of written captions."""
