"""The sentences that the writer reads and writes, as frames; see `grammar`.

``{slot}`` is what a sentence tells; ``[is|are]`` agrees with the first slot. The frames of `GIVEN` are those
in which trusted facts come, those of `OWN` the writer's own.
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
        "{subject} [covers|cover] {share} of what is seen, in one patch.",
    ),
    "cover": (
        "{subject} [covers|cover] {share} of the image.",
        "{subject} [covers|cover] {share} of what is seen.",
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
        "It is a view that includes {things}.",
        "In the image one finds {things}.",
    ),
    "totals": (
        "There [is|are] {items} in the image.",
        "In this image there [is|are] {items}.",
        "From above, the image shows {items}.",
    ),
    "scene": (
        "The image as a whole shows {things}.",
        "The image gives a view from above of {things}.",
        "This is an overhead image of {things}.",
    ),
}

OWN: dict[str, tuple[str, ...]] = {
    "gsd": ("Each pixel spans {metres} m of ground.",),
    "taken": ("This picture was acquired {things}.",),
    "labelled": ('As a scene it goes by the label "{quoted}".',),
    "patch": (
        "{subject} [takes|take] up {share} of the picture, all in one patch.",
        "{subject} [makes|make] up {share} of the view as one patch.",
        "{subject} [extends|extend] over {share} of the picture in one patch.",
    ),
    "cover": (
        "{subject} [takes|take] up {share} of the picture.",
        "{subject} [makes|make] up {share} of the view.",
        "{subject} [extends|extend] over {share} of the picture.",
    ),
    "mainly": (
        "{subject} [is|are] found mostly {place}.",
        "{subject} [is|are] concentrated {place}.",
        "{subject} [stretches|stretch] chiefly {place}.",
    ),
    "fill": (
        "{subject} [takes|take] up most of {areas}.",
        "{subject} [occupies|occupy] the greater part of {areas}.",
        "Most of {areas} [belongs|belong] to {subject}.",
    ),
    "spots": (
        "{first} [appears|appear] {spots}.",
        "{first} [is|are] situated {spots}.",
        "One sees {first} {spots}.",
    ),
    "cells": (
        "{subject} [appears|appear] {places}.",
        "{subject} [is|are] situated {places}.",
        "One sees {subject} {places}.",
    ),
    "arranged": ("{subject} [is|are] found {pattern}.", "One sees {subject} {pattern}."),
    "pointing": ("{subject} [is|are] laid out {direction}.", "{subject} [extends|extend] {direction}."),
    "formed": ("{subject} [looks|look] {form}.", "{subject} [appears|appear] {form}."),
    "split": (
        "In the central part there [is|are] {centre}, with {edge} towards the edges.",
        "The central part contains {centre}, whereas {edge} can be found along the edges.",
        "Closer to the edges one finds {edge}, and the central part contains {centre}.",
    ),
    "centre": ("The central part contains {centre}.", "{centre} [occupies|occupy] the centre."),
    "edge": ("{edge} [appears|appear] towards the edges.", "Closer to the edges one finds {edge}."),
    "near": ("{a} stands near {b}.", "Close by {b} there is {a}.", "{a} and {b} are neighbours."),
    "larger": (
        "The {a} [is|are] far bigger than the {b}.",
        "In size the {a} clearly [exceeds|exceed] the {b}.",
    ),
    "left_of": ("The {b} is to the right of the {a}.", "Left of the {b} lies the {a}."),
    "above": ("The {b} is below the {a}.", "The {a} is higher up in the picture than the {b}."),
    "tags": ("The ground on view includes {things}.",),
    "labels": ("Among what can be recognised: {things}.", "The view takes in {things}."),
    "totals": (
        "Visible here [is|are] {items}.",
        "{items} can be counted.",
        "One can make out {items}.",
        "The picture holds {items} in all.",
    ),
    "scene": (
        "Overall, this is a view of {things}.",
        "The picture presents {things} from overhead.",
        "Looking straight down, one recognises {things}.",
    ),
}

UNTOLD = ("nothing",)  # no caption says it
WHAT = ("scene", "labelled", "totals", "labels", "patch", "cover", "tags")
LOOK = ("arranged", "pointing", "formed")
WHERE = ("split", "centre", "edge", "spots", "cells", "mainly", "fill", "near", "larger", "left_of", "above")
