"""What tests, and some benchmarks, are built from."""
