"""Looking into a run: an HTML report, the state of a caption folder, what jobs left out, any shard."""

from mpgi_ray.report.page import write_rejects, write_report
from mpgi_ray.report.sheet import read_sheet, tile_html, write_sheet

__all__ = ["read_sheet", "tile_html", "write_rejects", "write_report", "write_sheet"]
