"""What a model learns: one module a task."""
