"""Models in open_clip's interface: what training, evaluation and scores share."""

SMALL, SMALL_VIT, SMALL_COCA = "small", "small-vit", "small-coca"  # our own, from fresh weights
SMALL_BRIDGE, SMALL_BRIDGE_NOVA = "small-bridge", "small-bridge-nova"  # around the image tower of another run
OWN = (SMALL, SMALL_VIT, SMALL_COCA, SMALL_BRIDGE, SMALL_BRIDGE_NOVA)
