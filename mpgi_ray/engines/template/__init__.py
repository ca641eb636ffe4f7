"""The embedded engine: texts by rules, without a model."""
