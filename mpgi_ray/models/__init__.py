"""Models in open_clip's interface: what training, evaluation and scores share."""

SMALL, SMALL_COCA = "small", "small-coca"  # our own models, which start from fresh weights
