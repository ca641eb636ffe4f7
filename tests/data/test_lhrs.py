"""Names of LHRS-Align: put together and taken apart again, whatever countries and cities are called."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mpgi_ray.data.lhrs import Bounds, Georeference, parse_name, record_of

PARTS = st.lists(
    st.one_of(
        st.text("aéZ -.'", min_size=1, max_size=5),
        st.from_regex(r"-?[0-9]{1,3}(\.[0-9]{1,2})?", fullmatch=True),
    ),
    min_size=1,
    max_size=4,
).map("_".join)


@st.composite
def bounds(draw: st.DrawFn) -> Bounds:
    def two(most: int) -> list[float]:
        units = st.integers(-most * 10**7, most * 10**7)
        return sorted(unit / 10**7 for unit in draw(st.lists(units, min_size=2, max_size=2, unique=True)))

    (west, east), (south, north) = two(180), two(90)
    return west, south, east, north


@given(PARTS, st.integers(0, 10**15), PARTS, bounds())
def test_a_name_is_taken_apart_as_it_was_put_together(
    country: str, number: int, city: str, where: Bounds
) -> None:
    told = Georeference(country, number, city, where)
    name = str(told)
    assert "e-" not in name.removeprefix(country).replace(city, "")
    assert parse_name(name, country) == told
    # without the country, its end is the first part that is a number
    assume(not re.search(r"_[0-9]+(_|$)", country))
    assert parse_name(name) == told


@pytest.mark.parametrize(
    ("name", "country", "location"),
    [
        ("Portugal_12_Lisboa_-9.46_38.85_-9.45_38.84", None, ("Portugal", "Lisboa")),
        ("Papua_New_Guinea_3_Port_Moresby_147.1_-9.4_147.2_-9.5", None, ("Papua_New_Guinea", "Port_Moresby")),
        ("A_1_2_B_7.1_46.2_7.2_46.1", None, ("A", "2_B")),
        ("A_1_2_B_7.1_46.2_7.2_46.1", "A_1", ("A_1", "B")),
        ("A_B_2_1_C_D_7.1_46.2_7.2_46.1", "A B_2", ("A_B_2", "C_D")),  # spaces in the record
        ("A_B_1_C_7.1_46.2_7.2_46.1", "A", ("A_B", "C")),  # the record says less than the name
        ("A_1_C_5_6_7.1_46.2_7.2_46.1", "elsewhere", ("A", "C_5_6")),
    ],
)
def test_countries_and_cities_with_underscores(
    name: str, country: str | None, location: tuple[str, str]
) -> None:
    told = parse_name(name, country)
    assert told.location == location
    assert str(told) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "62094-50163-17",
        "A_1_B_7.1_46.2_7.2",
        "A_B_7.1_46.2_7.2_46.1",
        "A_1_7.1_46.2_7.2_46.1",
        "A_1_B_7.2_46.2_7.1_46.1",  # east of its east
        "A_1_B_7.1_46.2_7.2_46.3",
        "A_1_B_7.1_96.2_7.2_46.1",
        "A_1_B_7.1_46.2_7.2_nan",
        "A_1_" + "9_" * 100_000,
    ],
)
def test_what_is_no_such_name(name: str) -> None:
    with pytest.raises(ValueError, match=r"expected (Country_Id_City|degrees)"):
        parse_name(name)


def test_a_picture_keeps_its_name_and_others_get_one_by_what_is_known() -> None:
    own = "A_1_B_7.10_46.2_7.2_46.1"  # not as we would write it
    told = record_of(f"x/A/B/{own}.JPG", "ab" * 32, {}, "a park")
    assert told == {"name": own, "info": {"location": ["A", "B"]}, "cap": "a park"}
    assert record_of(own, "ab" * 32, {}, "a park") == told
    note = {"bounds": [-9.5, 38.75, -9.25, 1e-7 + 38.8], "source": "tiles/of\na map", "place": None}
    made = record_of("62094-50163-17.jpg", "0f" * 32, note, "a beach")
    assert made is not None
    assert made["name"] == f"tiles of a map_{0x0F0F0F0F0F0F}_unnamed_-9.5_38.8000001_-9.25_38.75"
    assert parse_name(made["name"]).bounds == tuple(note["bounds"])
    assert record_of("a.jpg", "ab" * 32, {"source": "tiles"}, "a park") is None
    assert record_of("a.jpg", "ab" * 32, {"bounds": [170, 0, 190, 1]}, "a park") is None
