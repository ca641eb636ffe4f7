"""The kinds of generated scenes: what varies in each, and the words to tell it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mpgi_ray.demo.scenes import layouts, places
from mpgi_ray.demo.scenes.canvas import Canvas


@dataclass(frozen=True, slots=True)
class Kind:
    """One scene class.

    Attributes:
        labels: the classes its main objects may have; a scene shows one of them.
        colours: the main objects may have; all those of a scene share one. White and grey exclude each
            other: a white slope in the shade is grey.
        most: main objects in one scene; there is at least one.
        gsd: metres per pixel of an image 256 pixels wide.
        captions: sentences with the fields ``things``, ``are`` and ``where``.
        layout: draws the background and returns the slots of the main objects.
    """

    name: str
    labels: tuple[str, ...]
    colours: tuple[str, ...]
    most: int
    gsd: float
    captions: tuple[str, ...]
    layout: Callable[[Canvas, np.random.Generator], list[layouts.Slot]]


_VIVID = ("red", "blue", "white", "yellow")

KINDS = (
    Kind(
        "harbour",
        ("motorboat", "sailboat"),
        (*_VIVID, "green"),
        8,
        0.5,
        (
            "{things} {are} moored along the quay {where} of the harbour.",
            "In the harbour {things} {are} berthed {where}.",
        ),
        layouts.harbour,
    ),
    Kind(
        "airport",
        ("airplane", "helicopter"),
        _VIVID,
        5,
        0.6,
        (
            "{things} {are} parked on the apron {where} of the airport.",
            "At the airport {things} {are} waiting {where}.",
        ),
        layouts.airport,
    ),
    Kind(
        "parking lot",
        ("car", "van"),
        (*_VIVID, "green"),
        9,
        0.2,
        ("{things} {are} parked {where} of the parking lot.", "The parking lot holds {things} {where}."),
        layouts.parking_lot,
    ),
    Kind(
        "roundabout",
        ("bus", "truck"),
        (*_VIVID, "orange"),
        6,
        0.25,
        (
            "{things} {are} on the wide road to the roundabout {where}.",
            "Near the roundabout {things} {are} driving {where}.",
        ),
        layouts.roundabout,
    ),
    Kind(
        "railway yard",
        ("railway wagon", "tank wagon"),
        (*_VIVID, "brown"),
        9,
        0.35,
        (
            "{things} {are} standing on the tracks {where} of the railway yard.",
            "The railway yard has {things} {where}.",
        ),
        layouts.railway_yard,
    ),
    Kind(
        "container yard",
        ("shipping container", "truck"),
        (*_VIVID, "green", "orange"),
        9,
        0.3,
        (
            "{things} {are} lined up {where} of the container yard.",
            "The container yard beside the water has {things} {where}.",
        ),
        layouts.container_yard,
    ),
    Kind(
        "river with bridge",
        ("barge", "tugboat"),
        _VIVID,
        6,
        0.5,
        (
            "{things} {are} on the river near the bridge {where}.",
            "A bridge crosses the river, where {things} {are} afloat {where}.",
        ),
        layouts.river_with_bridge,
    ),
    Kind(
        "beach",
        ("parasol", "rowing boat"),
        (*_VIVID, "orange", "green"),
        9,
        0.25,
        ("{things} {are} on the sand {where} of the beach.", "The beach has {things} {where}."),
        layouts.beach,
    ),
    Kind(
        "residential area",
        ("house", "apartment block"),
        ("red", "blue", "white", "brown"),
        8,
        0.35,
        (
            "{things} {are} beside the street {where} of the residential area.",
            "The residential area has {things} {where}.",
        ),
        places.residential_area,
    ),
    Kind(
        "tank farm",
        ("storage tank", "pressure vessel"),
        (*_VIVID, "green"),
        8,
        0.5,
        ("{things} {are} standing {where} of the tank farm.", "The tank farm holds {things} {where}."),
        places.tank_farm,
    ),
    Kind(
        "sports ground",
        ("tennis court", "basketball court"),
        ("red", "blue", "green", "orange"),
        4,
        0.35,
        (
            "{things} {are} beside a football pitch, {where} of the sports ground.",
            "The sports ground has {things} {where}.",
        ),
        places.sports_ground,
    ),
    Kind(
        "farmyard",
        ("barn", "grain silo"),
        ("red", "blue", "white", "green"),
        8,
        0.6,
        ("{things} {are} next to the fields, {where} of the farmyard.", "The farmyard has {things} {where}."),
        places.farmyard,
    ),
    Kind(
        "forest clearing",
        ("cabin", "tent"),
        (*_VIVID, "orange"),
        7,
        0.3,
        (
            "{things} {are} in a clearing of the forest {where}.",
            "Surrounded by trees, {things} {are} standing {where}.",
        ),
        places.forest_clearing,
    ),
    Kind(
        "solar farm",
        ("solar array",),
        ("blue", "black", "brown"),
        8,
        0.4,
        ("{things} {are} mounted {where} of the solar farm.", "The solar farm has {things} {where}."),
        places.solar_farm,
    ),
    Kind(
        "industrial area",
        ("factory hall", "warehouse"),
        ("red", "blue", "white", "green"),
        4,
        0.5,
        (
            "{things} {are} beside the road {where} of the industrial area.",
            "The industrial area has {things} {where}.",
        ),
        places.industrial_area,
    ),
)
