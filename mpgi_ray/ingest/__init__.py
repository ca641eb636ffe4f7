"""Annotated sources in, WebDataset shards out. One module a format, each a function: path -> `Listing`."""

from mpgi_ray.ingest.formats.coco import coco
from mpgi_ray.ingest.formats.folders import folders
from mpgi_ray.ingest.formats.manifest import manifest
from mpgi_ray.ingest.job import IngestConfig, IngestSummary, ingest
from mpgi_ray.ingest.source import SourceConfig, load_source

__all__ = [
    "IngestConfig",
    "IngestSummary",
    "SourceConfig",
    "coco",
    "folders",
    "ingest",
    "load_source",
    "manifest",
]
