"""Pictures for benchmarks: what a decoder meets, made on the spot."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image


def noise_jpegs(count: int = 200) -> list[bytes]:
    """Distinct 256×256 JPEGs of about 15 kB: smooth colour with noise."""
    random = np.random.default_rng(0)
    made = []
    for _ in range(count):
        base = np.kron(random.integers(40, 200, (8, 8, 3)), np.ones((32, 32, 1)))
        pixels = np.clip(base + random.normal(0, 12, (256, 256, 3)), 0, 255).astype(np.uint8)
        sink = io.BytesIO()
        Image.fromarray(pixels).save(sink, "JPEG", quality=80)
        made.append(sink.getvalue())
    return made
