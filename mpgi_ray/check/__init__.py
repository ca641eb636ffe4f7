"""``mpgi check``: texts of any origin held against the annotations of their pictures."""

from mpgi_ray.check.job import Audit as Audit
from mpgi_ray.check.job import audit as audit
