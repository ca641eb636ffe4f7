"""Annotated sources in, WebDataset shards out. One module a format, each a function: path -> `Listing`."""

from mpgi_ray.ingest.formats.auair import auair
from mpgi_ray.ingest.formats.boxes import boxes
from mpgi_ray.ingest.formats.captions import captions
from mpgi_ray.ingest.formats.carpk import carpk
from mpgi_ray.ingest.formats.coco import coco
from mpgi_ray.ingest.formats.dota import dota
from mpgi_ray.ingest.formats.fmow import fmow
from mpgi_ray.ingest.formats.folders import folders
from mpgi_ray.ingest.formats.hrsc import hrsc
from mpgi_ray.ingest.formats.karpathy import karpathy
from mpgi_ray.ingest.formats.labelme import labelme
from mpgi_ray.ingest.formats.labels import labels
from mpgi_ray.ingest.formats.levir import levir
from mpgi_ray.ingest.formats.lhrs import lhrs
from mpgi_ray.ingest.formats.manifest import manifest
from mpgi_ray.ingest.formats.masks import masks
from mpgi_ray.ingest.formats.mgrs import mgrs
from mpgi_ray.ingest.formats.osm import osm
from mpgi_ray.ingest.formats.stanford_drone import stanford_drone
from mpgi_ray.ingest.formats.visdrone import visdrone
from mpgi_ray.ingest.formats.voc import voc
from mpgi_ray.ingest.formats.yolo import yolo
from mpgi_ray.ingest.job import IngestConfig, IngestSummary, ingest
from mpgi_ray.ingest.source import SourceConfig, load_source

__all__ = [
    "IngestConfig",
    "IngestSummary",
    "SourceConfig",
    "auair",
    "boxes",
    "captions",
    "carpk",
    "coco",
    "dota",
    "fmow",
    "folders",
    "hrsc",
    "ingest",
    "karpathy",
    "labelme",
    "labels",
    "levir",
    "lhrs",
    "load_source",
    "manifest",
    "masks",
    "mgrs",
    "osm",
    "stanford_drone",
    "visdrone",
    "voc",
    "yolo",
]
