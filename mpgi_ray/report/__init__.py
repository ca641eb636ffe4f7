"""Looking into a run: an HTML report, the state of a caption folder, its rejected rows, any shard."""

from mpgi_ray.report.page import write_report

__all__ = ["write_report"]
