"""Multi-perspective generation and integration of remote-sensing captions on Ray."""

__version__ = "0.2.0"
