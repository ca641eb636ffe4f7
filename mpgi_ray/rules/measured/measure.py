from mpgi_ray.rules.measured import Measured


def measure(picture, annotation, *, view_px=224, min_px=4):
    return Measured()
