"""Filters of `mpgi curate`: one module each, whose class ``Filter`` holds the settings and decides."""
