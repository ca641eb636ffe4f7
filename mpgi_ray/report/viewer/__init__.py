"""The report as a folder: a page with filters beside it, to look through many samples."""

from mpgi_ray.report.viewer.asked import write_asked
from mpgi_ray.report.viewer.folder import is_folder
from mpgi_ray.report.viewer.write import SAMPLES, write_viewer

__all__ = ["SAMPLES", "is_folder", "write_asked", "write_viewer"]
