"""The sentences that the writer reads and writes, as frames; see `grammar`.

``{slot}`` is what a sentence tells; ``[is|are]`` agrees with the slot before it that names no place, or with
the one that follows. The frames of `GIVEN` are those in which trusted facts come, `own` has the writer's own.
Every frame of a kind says the same of its slots, so that what is retold in another is as true as before.
"""

from __future__ import annotations

# stricter kinds come first: a sentence is read by the first frame that it fits
GIVEN: dict[str, tuple[str, ...]] = {
    "nothing": ("Nothing is annotated in this image.",),
    "gsd": ("One pixel measures {metres} m on the ground.", "The ground sampling distance is {metres} m."),
    "taken": ("The image was taken {things}.",),
    "labelled": ('The scene is labelled "{quoted}".',),
    "patch": (
        "{subject} [covers|cover] {share} of the image, in one patch.",
        "{subject} [covers|cover] {share} of the picture, in one patch.",
    ),
    "cover": (
        "{subject} [covers|cover] {share} of the image.",
        "{subject} [covers|cover] {share} of the picture.",
    ),
    "mainly": ("{subject} [lies|lie] mainly {place}.",),
    "fill": ("{subject} [fills|fill] most of {areas}.",),
    "spots": ("{first} [lies|lie] {spots}.",),
    "cells": (
        "{subject} [is|are] {places}.",
        "{subject} [lies|lie] {places}.",
        "{subject} can be seen {places}.",
        "{subject} can be found {places}.",
    ),
    "arranged": ("{subject} [stands|stand] {pattern}.",),
    "pointing": ("{subject} [points|point] {direction}.",),
    "contrasted": ("{subject} here [is|are] {colour} on {ground} ground.",),
    "coloured": ("{subject} here [is|are] {colour}.",),
    "formed": ("{subject} [is|are] {form}.",),
    "split": (
        "The centre of the image holds {centre}, and its edges hold {edge}.",
        "The image has {centre} in its centre and {edge} near its edges.",
        "In its centre the image has {centre}; near its edges it has {edge}.",
    ),
    "centre": ("The centre of the image holds {centre}.", "The image has {centre} in its centre."),
    "edge": ("The edges of the image hold {edge}.", "The image has {edge} near its edges."),
    "near": ("{a} is close to {b}.", "{a} is right by {b}.", "{a} lies next to {b}."),
    "larger": ("The {a} [is|are] much larger than the {b}.",),
    "left_of": ("The {a} is to the left of the {b}.",),
    "above": ("The {a} is above the {b}.",),
    "tags": (
        "Within this area there is {things}.",
        "The area on view has {things}.",
        "Mapped in this area: {things}.",
    ),
    "labels": (
        "The image contains {things}.",
        "The image includes {things}.",
        "The picture contains {things}.",
    ),
    "totals": (
        "There [is|are] {items} in the image.",
        "In this image there [is|are] {items}.",
        "From above, the image shows {items}.",
    ),
    "scene": (
        "The image as a whole shows {things}.",
        "The image is an overhead view of {things}.",
        "This is an overhead image of {things}.",
    ),
}

UNTOLD = ("nothing",)  # no caption says it
WHAT = ("scene", "labelled", "totals", "denied", "extra", "labels", "patch", "cover", "tags")
LOOK = ("coloured", "contrasted", "arranged", "pointing", "formed")
WHERE = (
    "split", "centre", "edge", "spots", "parted", "cells", "mainly", "fill", "near", "larger", "left_of",
    "above",
)  # fmt: skip
