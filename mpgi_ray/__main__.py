"""``python -m mpgi_ray`` is ``mpgi``."""

import sys

from mpgi_ray.cli import main

sys.exit(main())
