"""Multi-perspective generation and integration of remote-sensing captions on Ray."""

__version__ = "0.1.0"
