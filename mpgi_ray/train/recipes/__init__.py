"""Shipped settings of training runs: YAML files, by name."""
