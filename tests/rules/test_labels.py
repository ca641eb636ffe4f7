"""Labels: which are known, how the others are said, what is a kind of what."""

from __future__ import annotations

import re
from importlib import resources

import pytest
import yaml
from PIL import Image

from mpgi_ray.data.sample import Annotation, Box, Cover, LabelClass, Object
from mpgi_ray.demo.scenes.scene import VOCABULARY
from mpgi_ray.ingest import load_source
from mpgi_ray.rules.english import singular
from mpgi_ray.rules.labels import Unknown, plurals, unknown_in_words, unknown_labels
from mpgi_ray.rules.lexicon import class_name, hypernyms, is_known, is_mass, several, surface_name, synonyms
from support.template_texts import six_texts

KNOWN = ("car", "small_vehicle", "storagetank", "TennisCourt", "palm tree", "Boeing737", "Unlabeled")
UNKNOWN = ("Dead", "0", "tertiary", "Agricultural", "residential", "T-72", "建筑", "---", "LV")
LEXICON = yaml.safe_load(resources.files("mpgi_ray.rules").joinpath("lexicon.yaml").read_text("utf-8"))
PRESETS = [f.name.removesuffix(".yaml") for f in resources.files("mpgi_ray.ingest.presets").iterdir()]


def test_a_label_is_known_by_the_lexicon_by_its_noun_or_by_the_source() -> None:
    assert [label for label in KNOWN if not is_known(label)] == []
    assert [label for label in UNKNOWN if is_known(label)] == []
    assert all(is_known(label, "dead tree") for label in UNKNOWN)
    assert (is_known("Residential", surface=True), surface_name("Residential")) == (True, "housing")


def test_an_unknown_label_is_quoted_and_a_given_plural_is_taken() -> None:
    assert class_name("Dead") == 'object labelled "Dead"'
    assert several(class_name("Dead")) == 'objects labelled "Dead"'
    assert several(surface_name("Agricultural")) == 'areas labelled "Agricultural"'
    assert class_name(' a "b"\n') == "object labelled \"a 'b'\""
    assert (several("ox"), several("ox", "oxen"), several("grass")) == ("oxen", "oxen", "grass")
    assert several(class_name("Dead", "snag"), "dead standing trees") == "dead standing trees"


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_every_class_of_a_preset_is_known(name: str) -> None:
    source = load_source(name)
    classes = source.vocabulary | {
        label: LabelClass() for label in source.mask if source.label(label) == label
    }
    classes |= source.vocabulary
    assert [label for label, kind in classes.items() if not is_known(label, kind.name, surface=True)] == []


def test_every_class_of_the_demo_is_known() -> None:
    assert [label for label in VOCABULARY if not is_known(label)] == []


def test_kinds_and_synonyms_hold_no_circle_and_nothing_twice() -> None:
    kinds = [kind for kinds in LEXICON["hypernyms"].values() for kind in kinds]
    alike = [name for group in LEXICON["synonyms"] for name in group]
    assert len(set(kinds)) == len(kinds)
    assert len(set(alike)) == len(alike)
    names = {*kinds, *LEXICON["hypernyms"], *alike}
    for name in names:
        chain = (name, *hypernyms(name))  # a circle would never end
        assert len(set(chain)) == len(chain)
        assert is_known(name), name
        assert is_mass(name) or singular(name) == name
        # what is said for the same thing is not a kind of it
        assert not set(synonyms(name)) & set(chain), name
    assert hypernyms("aircraft carrier") == ("warship", "ship", "vessel")
    assert hypernyms("rescue boat") == ("boat", "vessel")
    assert hypernyms("bus stop") == hypernyms("railway track") == ()
    assert hypernyms("aeroplane") == ("aircraft",)
    assert synonyms("plane") == ("airplane", "aeroplane")


def note(**more: object) -> Annotation:
    objects = [
        Object(label=label, box=Box(40 * n, 10, 40 * n + 30, 40))
        for n, label in enumerate(("Dead", "Dead", "0", "tertiary", "car"))
    ]
    cells = (0.7, 0, 0, 0.7, 0, 0, 0.7, 0, 0)
    cover = {"Agricultural": Cover(fraction=0.23, cells=cells, patches=3)}
    return Annotation(width=240, height=240, objects=tuple(objects), cover=cover, **more)


def test_an_unknown_label_is_never_inflected_in_a_text() -> None:
    texts = six_texts(note(scene=("HoverPort",)), Image.new("RGB", (240, 240), "green"))
    told = " ".join(texts.values())
    for label in ("Dead", "0", "tertiary", "Agricultural"):
        found = re.findall(rf"\b{label}\w*", told, re.IGNORECASE)
        quoted = re.findall(rf'\b(?i:objects?|areas?) labelled "{label}"', told)
        assert len(found) == len(quoted) > 0, told


def test_unknown_labels_are_counted_and_told_with_the_fix() -> None:
    known = {"car": LabelClass(), "Dead": LabelClass(name="dead tree", plural="dead standing trees")}
    several_notes = [note(), note(scene=("HoverPort", "airport")), Annotation(width=9, height=9)]
    found = unknown_labels(several_notes)
    expected = {Unknown(label, "object"): 2 for label in ("0", "Dead", "tertiary")}
    assert found == expected | {Unknown("Agricultural", "area"): 2, Unknown("HoverPort", "scene"): 1}
    said = unknown_in_words(found, "1 of 20 shards")
    assert "5 labels are not known as the name of a thing, in 1 of 20 shards; texts say: " in said
    assert 'objects labelled "0" (2 samples), areas labelled "Agricultural" (2 samples), ' in said
    assert 'a scene labelled "HoverPort" (1 sample)' in said
    assert said.endswith('vocabulary: {"0": {name: SINGULAR, plural: PLURAL}}')
    assert unknown_in_words({}) == ""
    given = Annotation(width=9, height=9, vocabulary=known | {"x1": LabelClass()})
    assert unknown_labels([given]) == {Unknown("x1", "object"): 0}
    assert plurals(given) == {"dead tree": "dead standing trees"}
