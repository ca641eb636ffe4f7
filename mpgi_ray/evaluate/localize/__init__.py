"""Semantic localization: where in a large picture a text is true."""
