"""vLLM inside the replica that asks it."""
