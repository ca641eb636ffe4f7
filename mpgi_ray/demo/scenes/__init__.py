"""Generated scenes: drawn, annotated, true by construction."""
