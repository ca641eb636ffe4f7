"""Models in open_clip's interface: what training, evaluation and scores share."""

SMALL, SMALL_COCA = "small", "small-coca"  # the models of our own, which start from nothing
