"""The report as a folder, with a page to filter, search, compare and rate many samples of a run."""

from mpgi_ray.report.viewer.write import SAMPLES, is_folder, write_viewer

__all__ = ["SAMPLES", "is_folder", "write_viewer"]
