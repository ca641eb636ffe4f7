"""Source formats, one module each."""
