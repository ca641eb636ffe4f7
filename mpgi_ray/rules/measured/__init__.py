"""Measuring in pixels what `seen` describes: colours of things, regions, spots."""
