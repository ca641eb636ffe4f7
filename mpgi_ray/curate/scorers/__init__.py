"""Scorers of `mpgi score`: one module each, whose class ``Scorer`` holds the settings and makes figures."""
