"""Shards, captions and final samples as tables, for notebooks and other programs."""
