"""Asking a model: the ladder of attempts, and what can be wrong with a reply."""
