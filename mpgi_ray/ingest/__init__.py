"""Annotated sources in, WebDataset shards out. One module a format, each a function: path -> `Listing`."""

from mpgi_ray.ingest.formats.boxes import boxes
from mpgi_ray.ingest.formats.coco import coco
from mpgi_ray.ingest.formats.dota import dota
from mpgi_ray.ingest.formats.folders import folders
from mpgi_ray.ingest.formats.karpathy import karpathy
from mpgi_ray.ingest.formats.labels import labels
from mpgi_ray.ingest.formats.manifest import manifest
from mpgi_ray.ingest.formats.masks import masks
from mpgi_ray.ingest.formats.osm import osm
from mpgi_ray.ingest.formats.voc import voc
from mpgi_ray.ingest.formats.yolo import yolo
from mpgi_ray.ingest.job import IngestConfig, IngestSummary, ingest
from mpgi_ray.ingest.source import SourceConfig, load_source

__all__ = [
    "IngestConfig",
    "IngestSummary",
    "SourceConfig",
    "boxes",
    "coco",
    "dota",
    "folders",
    "ingest",
    "karpathy",
    "labels",
    "load_source",
    "manifest",
    "masks",
    "osm",
    "voc",
    "yolo",
]
