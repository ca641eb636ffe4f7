"""What licences, as sources state them, let out."""

from __future__ import annotations

import pytest

from mpgi_ray.data.licence import forbids_pictures, forbids_texts
from mpgi_ray.ingest.source import presets


@pytest.mark.parametrize(
    ("licence", "texts", "pictures"),
    [
        (None, True, False),
        ("", True, False),
        ("none stated; research use", True, False),
        ("academic use only", False, False),
        ("for research purposes only", False, False),
        ("only for non-commercial academic research", False, False),
        ("CC BY-NC-SA 4.0", True, True),
        ("CC-BY 4.0", True, True),
        ("cc0-1.0", True, True),
        ("CC BY-ND 4.0", False, False),
        ("CC BY-NC-ND 4.0", False, False),
        ("Creative Commons Attribution 4.0", True, True),
        ("Creative Commons Attribution-NoDerivatives 4.0", False, False),
        ("MIT, no warranty", True, True),
        ("Apache-2.0", True, True),
        ("ODbL, (c) OpenStreetMap contributors", True, True),
        ("may not be redistributed", False, False),
        ("no redistribution of the images", False, False),
        ("All rights reserved", False, False),
        ("images: none stated; captions: CC BY 4.0", True, False),
        ("images: public domain; captions: none stated", True, True),
        ("labels CC0; research use", True, False),
        ("submitted and permitted by somebody", True, False),
        ("licence: MIT", True, True),
        ("Creative Commons Attribution-Non-Commercial 4.0", True, True),
        ("collected at MIT; ask the authors", True, False),
        ("nur mit Genehmigung", True, False),
        ("not in the public domain", True, False),
        ("no CC BY licence", True, False),
        ("code: MIT; images of the authors", True, False),
        ("solely for academic use", False, False),
        ("restricted to research", False, False),
        ("may be redistributed only with permission", False, False),
        ("do not share the images", False, False),
    ],
)
def test_texts_go_out_unless_forbidden_and_pictures_only_where_allowed(
    licence: str | None, texts: bool, pictures: bool
) -> None:
    assert (forbids_texts(licence) is None, forbids_pictures(licence) is None) == (texts, pictures)


def test_the_licences_of_the_presets() -> None:
    told = {name: source.licence for name, source in presets().items()}
    assert {name for name, licence in told.items() if forbids_texts(licence)} == {"dota", "isaid"}
    assert {name for name, licence in told.items() if not forbids_pictures(licence)} == {
        *("airbus_aircraft", "dubai_seg", "eurosat", "kit_ais_vehicles", "loveda", "oam_osm_buildings"),
        *("stanford_drone", "ucm", "ucm_captions"),
    }
