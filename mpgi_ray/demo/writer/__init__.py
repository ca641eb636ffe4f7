"""An imperfect writer: a chat server on loopback that answers prompts at a known rate of faults.

It stands in for multimodal and language models where none can run, and shows what becomes of imperfect
prose. It knows nothing but the text and the picture of a request: its grammar, its words and its reading are
its own, so that what checks its answers does not check itself.
"""

from __future__ import annotations

from mpgi_ray.demo.writer.faults import CONTENT, FORM, Faults
from mpgi_ray.demo.writer.server import MODEL, ImperfectWriter

__all__ = ["CONTENT", "FORM", "MODEL", "Faults", "ImperfectWriter"]
