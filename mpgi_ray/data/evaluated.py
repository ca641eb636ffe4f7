"""The tables of an evaluation, in their order, by the names that ``metrics.json`` has for them."""

TABLES = (
    "retrieval",
    "zero_shot",
    "tower",
    "regions",
    "segmentation",
    "probes",
    "captions",
    "localization",
)
