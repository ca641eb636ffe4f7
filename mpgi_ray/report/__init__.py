"""Looking into what jobs made: a report, the state of a folder, what was found and left out, any shard."""

from mpgi_ray.report.page import write_rejects, write_report
from mpgi_ray.report.panels import job_alone, write_panel
from mpgi_ray.report.sheet import read_sheet, write_sheet

__all__ = [
    "job_alone",
    "read_sheet",
    "write_panel",
    "write_rejects",
    "write_report",
    "write_sheet",
]
