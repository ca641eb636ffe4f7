"""Models in open_clip's interface: what training, evaluation and scores share."""

SMALL, SMALL_VIT, SMALL_COCA = "small", "small-vit", "small-coca"  # our own, from fresh weights
OWN = (SMALL, SMALL_VIT, SMALL_COCA)
