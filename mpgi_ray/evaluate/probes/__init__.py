"""Fact probes: a true text against one with a single fact changed."""
