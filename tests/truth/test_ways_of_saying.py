"""One claim said in many ways: what is false of a scene is found, and its true neighbour passes."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from mpgi_ray.data.image import decode
from mpgi_ray.demo.scenes.scene import scene
from mpgi_ray.rules import Facts, gather
from mpgi_ray.rules.measured.measure import measure
from mpgi_ray.truth.verdict import Verdict, check, verdict_of

VILLAGE, SPORTS, FARM, CABINS, RIVER = 4, 7, 9, 11, 12
PARKING, CONTAINERS, APRON, BEACH, HARBOUR = 14, 15, 16, 18, 19


@cache
def of(number: int) -> Facts:
    sample = scene(number, 5)
    return replace(
        gather(sample.annotation), measured=measure(decode(sample.image).pixels, sample.annotation)
    )


@pytest.mark.parametrize(
    ("number", "false", "true"),
    [
        # three yellow vans on a parking lot
        (PARKING, "Vans? None.", "Trucks? None."),
        (PARKING, "Are there any vans? No, none.", "Are there any vans? Yes, three."),
        (PARKING, "Of vans there is no trace.", "Of trucks there is no trace."),
        (PARKING, "Missing here: vans.", "Missing here: trucks."),
        (PARKING, "Vans were not observed.", "Trucks were not observed."),
        (PARKING, "Nowhere does one see a van.", "Nowhere does one see a bus."),
        (PARKING, "You won't spot a single van.", "You won't spot a single truck."),
        (PARKING, "Can you see that there are no vans?", "Can you see that there are no trucks?"),
        (PARKING, "Trucks rather than vans are parked here.", "Vans rather than trucks are parked here."),
        (PARKING, "How many vans are there? Only two.", "How many vans are there? Only three."),
        (PARKING, "Yellow vans are parked here, just two.", "Yellow vans are parked here, just three."),
        (PARKING, "There can't be more than two vans here.", "There can't be more than three vans here."),
        (PARKING, "The vans are five in number.", "The vans are three in number."),
        (PARKING, "What colour are the vans? Red.", "What colour are the vans? Yellow."),
        (PARKING, "There are three vans. Each is red.", "There are three vans. Each is yellow."),
        # five blue rowing boats on a beach, the sea above
        (
            BEACH,
            "Boats lie on the beach. There are nine of them.",
            "Boats lie there. There are five of them.",
        ),
        (BEACH, "On the beach lie boats, nine of them.", "On the beach lie boats, five of them."),
        (BEACH, "The bottom is sea, the top is sand.", "The top is sea, the bottom is sand."),
        # nine containers at the left, water at the right
        (CONTAINERS, "Containers right, water left.", "Containers left, water right."),
        (CONTAINERS, "Left: water.", "Right: water."),
        (CONTAINERS, "The right is full of containers.", "The left is full of containers."),
        (CONTAINERS, "It is on the right that the containers stand.", "It is on the left that they stand."),
        (
            CONTAINERS,
            "The containers occupy only the right half.",
            "The containers occupy only the left half.",
        ),
        # eight sailboats in a horizontal row above three sheds; three quarters are water
        (HARBOUR, "Sheds on the quay, five of them.", "Sheds on the quay, three of them."),
        (HARBOUR, "Water 30 %, pavement 50 %.", "Water 76 %, pavement 13 %."),
        (HARBOUR, "Water on a third of the image.", "Water on three quarters of the image."),
        (HARBOUR, "Grass is confined to half of the picture.", "Grass is confined to a sliver of it."),
        (HARBOUR, "Pavement covers more than water.", "Water covers more than pavement."),
        (HARBOUR, "Only a tenth of what you see, pupils, is water.", "Only a tenth, pupils, is pavement."),
        (HARBOUR, "A ring of sailboats.", "A row of sailboats."),
        (HARBOUR, "The boats are lined up from top to bottom.", "The boats are lined up from left to right."),
        (HARBOUR, "In a ring lie eight sailboats.", "In a row lie eight sailboats."),
        (HARBOUR, "The sailboats form a ring.", "The sailboats do not form a ring."),
        (HARBOUR, "Boats moor here. They are arranged in a ring.", "Boats moor here. They form a row."),
        (HARBOUR, "The roofs of the sheds are red.", "The roofs of the sheds are grey."),
        (HARBOUR, "The basin holds no sailboats.", "The basin holds no tugboats."),
        (HARBOUR, "There are twice as many sheds as sailboats.", "There are fewer sheds than sailboats."),
        (
            HARBOUR,
            "The harbour is without sailboats.",
            "No part of the harbour is without sailboats.",
        ),
        (
            HARBOUR,
            "None of the eight sailboats is in the lower half.",
            "None of the eight sailboats is at the top.",
        ),
        (
            HARBOUR,
            "The number of sheds in this view is under two.",
            "The number of sheds here is under nine.",
        ),
        (HARBOUR, "Beyond twenty sailboats lie here.", "Beyond six sailboats lie here."),
        (
            HARBOUR,
            "The sailboats are farther down the picture than the sheds.",
            "The sailboats are farther up the picture than the sheds.",
        ),
        (
            HARBOUR,
            "The sheds are nearer the top than the sailboats.",
            "The sheds are nearer the bottom than the sailboats.",
        ),
        (
            HARBOUR,
            "Pavement occupies more of this picture than water does.",
            "Water occupies more of this picture than pavement does.",
        ),
        (HARBOUR, "Three sheds, and their roofs are red.", "Three sheds, and their roofs are grey."),
        (HARBOUR, "The eight sailboats are set out in a ring.", "The eight sailboats are set out in a row."),
        (
            HARBOUR,
            "Sailboats lie here, the majority in the upper half.",
            "Sailboats lie here, the majority in the lower half.",
        ),
        (HARBOUR, "There is a pair of sheds, 11 m wide each.", "There are three sheds, 11 m wide each."),
        (PARKING, "The vans are turquoise.", "The vans are golden."),
        (PARKING, "The bodywork of the vans is blue.", "The bodywork of the vans is yellow."),
        (RIVER, "No bridge leads across the river.", "No ferry leads across the river."),
        (PARKING, "Three vans, all of them pink.", "Three vans, all of them yellow."),
        (RIVER, "There is no bridge linking the banks.", "There is no ferry linking the banks."),
        (PARKING, "Here are lorries, but no vans built yet.", "Three vans, but no warehouse built yet."),
        (PARKING, "There are no vans within the frame.", "There are no vans within the frame of the gate."),
        (PARKING, "The scene is missing any vans.", "The scene is missing any trucks."),
        (
            PARKING,
            "Apart from a truck, this lot is empty, with no vans on it.",
            "Apart from three vans, this lot is empty, with no vehicles on it.",
        ),
        (BEACH, "Water: present, along the bottom edge.", "Water: present, along the top edge."),
        (PARKING, "Each of these three vans with blue bodies is new.", "Three vans with yellow bodies."),
        (PARKING, "One van is all there is in this picture.", "One van is all by itself."),
        (HARBOUR, "Purple is the colour of the sheds.", "Lime green are some sheds."),
        # colours that nothing in the picture, or in the boxes of a class, comes near
        (PARKING, "The trees are bright pink.", "The trees are bright green."),
        (APRON, "A yellow helicopter stands on the apron.", "A helicopter stands on the apron."),
        # kinds of which there are fewer
        (BEACH, "Nine dinghies lie on the sand.", "Five dinghies lie on the sand."),
        (APRON, "Three fighter jets are here.", "One helicopter is here."),
        # others
        (PARKING, "Count of vans: fewer than two.", "Count of vans: fewer than five."),
        (PARKING, "There is no van whatsoever in this image.", "There is no bus whatsoever in this image."),
        (BEACH, "Sand makes up barely a tenth of the view.", "Sand makes up over a third of the view."),
        (CABINS, "Cabins without any order, scattered.", "Cabins in a grid."),
        (CABINS, "A circle of seven cabins.", "A grid of seven cabins."),
        (RIVER, "It is above the river that the crop field lies.", "It is below the river that it lies."),
        (RIVER, "No bridge crosses this river.", "No ferry crosses this river."),
        (SPORTS, "The basketball courts dwarf the pitch.", "The pitch dwarfs the basketball courts."),
        (SPORTS, "The pitch is no larger than a basketball court.", "A court is no larger than the pitch."),
        (VILLAGE, "Two houses stand here, and a car.", "A car is parked between two houses."),
        (APRON, "Two trucks with the helicopter below them.", "Two trucks with the helicopter above them."),
        (FARM, "Grass has half of the surface.", "Grass has a seventh of the surface."),
        # denials, bounds and numbers
        (PARKING, "There are no vans whatsoever.", "There are no trucks whatsoever."),
        (PARKING, "The car park is empty.", "The car park is empty, except for three vans."),
        (PARKING, "The parking lot is completely free of vans.", "The parking lot is free of trucks."),
        (
            PARKING,
            "Besides the asphalt there is some grass, but no vans.",
            "Besides the vans there are no vans.",
        ),
        (PARKING, "Motorcycles are parked here.", "Motorcycles are not parked here."),
        (PARKING, "Van count: 5.", "Van count: 3."),
        (
            PARKING,
            "Count of vans in this aerial crop: fewer than three.",
            "Number of vans here: at least three.",
        ),
        (
            HARBOUR,
            "The number of sheds exceeds that of sailboats.",
            "The number of sailboats exceeds that of sheds.",
        ),
        (HARBOUR, "Only a handful of sheds, and only two sailboats.", "Only a handful of sheds."),
        (HARBOUR, "A cruise ship lies here.", "A quay lies here."),
        (
            HARBOUR,
            "Two sheds stand at the bottom while a third lies at the top.",
            "Two sheds, and the third is below.",
        ),
        (HARBOUR, "You look in vain for a sailboat.", "You look in vain for a tugboat."),
        # where things lie, and how
        (CONTAINERS, "Water occupies the space on the left.", "Water occupies the space on the right."),
        (CONTAINERS, "Water borders the yard on the left.", "Water borders the yard on the right."),
        (CONTAINERS, "The water lies on the left.", "The water lies on the right."),
        (CONTAINERS, "The water, on the left, meets the pavement.", "The water, on the right, meets it."),
        (CONTAINERS, "The containers are limited to the right.", "The containers are limited to the left."),
        (
            CONTAINERS,
            "A container stands halfway along the right edge.",
            "Water: halfway along the right edge.",
        ),
        (
            HARBOUR,
            "Eight sailboats, moored in a tight ring, lie here.",
            "Eight sailboats, moored in a row, lie here.",
        ),
        (
            HARBOUR,
            "In no particular order, the sailboats lie here.",
            "The sailboats at the quay lie in a row.",
        ),
        (CONTAINERS, "The lower half is containers, the left half is water.", "The right half is water."),
        (HARBOUR, "One shed stands apart; the other seven are close together.", "The other two are not."),
        (HARBOUR, "A sailboat lies below all of the sheds.", "A sailboat lies above all of the sheds."),
        (HARBOUR, "Three of the boats are below the sheds.", "Three of the boats are above the sheds."),
        (HARBOUR, "Two sheds and no more stand on the quay.", "Three sheds and no more stand on the quay."),
        (
            HARBOUR,
            "No more than three sailboats are moored in a row.",
            "No more than nine are moored in a row.",
        ),
        # shares
        (HARBOUR, "About half of the picture is dry land.", "About a quarter of the picture is dry land."),
        (
            HARBOUR,
            "The quay makes up two thirds of the picture.",
            "The quay makes up a tenth of the picture.",
        ),
        (
            HARBOUR,
            "The pavement needs more room than the water.",
            "The water needs more room than the pavement.",
        ),
        (HARBOUR, "Water is the largest surface, and grass holds a third.", "Water is the largest surface."),
    ],
)
def test_ways_of_saying(number: int, false: str, true: str) -> None:
    assert verdict_of(check(false, of(number))) is Verdict.CONTRADICTED
    assert verdict_of(check(true, of(number))) is not Verdict.CONTRADICTED
