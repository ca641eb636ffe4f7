"""The checks of replies on what people wrote: they let it pass, and find what is planted in it."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from mpgi_ray.asking.checks import fault, text_fault
from mpgi_ray.demo.writer.forms import spoil_answer, spoil_prose
from mpgi_ray.engines.base import Reply


@pytest.fixture(scope="module")
def captions(data_dir: Path) -> dict[str, list[str]]:
    """The captions of people, by data set; those without a word are left out."""
    folder = data_dir / "captions_full"
    nwpu = map(json.loads, unpacked(folder / "nwpu_captions_test.jsonl.gz").splitlines())
    rsitmd = json.loads(unpacked(folder / "rsitmd_captions.json.gz"))
    sydney = json.loads(unpacked(folder / "sydney_dataset.json.gz"))
    sets = {
        "nwpu": [text for line in nwpu for text in line["captions"]],
        "rsitmd": [text for image in rsitmd.values() for text in image["captions"]],
        "sydney": [s["raw"] for image in sydney["images"] for s in image["sentences"]],
    }
    return {name: [text for text in texts if text.strip(" .")] for name, texts in sets.items()}


def unpacked(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes())


def found(text: str, finish_reason: str = "stop") -> str:
    """The code of the fault, with no limit of words."""
    found = fault(Reply(text, finish_reason)) or text_fault(text, (1, 1000), "")
    return found.code if found else ""


def test_captions_of_people_pass(captions: dict[str, list[str]]) -> None:
    refused = {name: Counter(map(found, texts)) for name, texts in captions.items()}
    assert [sum(codes.values()) for codes in refused.values()] == [15_749, 23_695, 3_065]
    assert {code for codes in refused.values() for code in codes} <= {"", "meta", "refusal", "repetition"}
    # "I can see …" and "scattered scattered scattered scattered": no captions, also when people wrote them
    assert {name: codes.total() - codes[""] for name, codes in refused.items()} == {
        "nwpu": 0,
        "rsitmd": 12,
        "sydney": 0,
    }


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("language", "language"),
        ("repetition", "repetition"),
        ("refusal", "refusal"),
        ("thinking", "thinking"),
        ("truncation", "truncated"),
    ],
)
def test_what_is_planted_in_them_is_found(kind: str, code: str, captions: dict[str, list[str]]) -> None:
    rng = Random(kind)
    for texts in captions.values():
        for text in filter(lambda text: not found(text), rng.sample(texts, 300)):
            if kind in ("language", "repetition"):
                spoilt, _ = spoil_prose(kind, text, rng)
                assert found(spoilt) == code, spoilt
            else:
                spoilt, finish_reason, _ = spoil_answer(kind, text, rng)
                assert found(spoilt, finish_reason) == code, spoilt


@pytest.mark.parametrize(
    "text",
    [
        "A large white storage tank stands in a fenced yard; four smaller tanks lie at its left.",
        "Terminal I is a long grey building",
        "Piers I and II reach into the sea, and pier I lies in front of a row of cranes.",
        "Dark blue sea, golden sand beach, yellow waves, calm.",
        "The port of Rio de la Plata has five piers.",
        "A van stands on the road. Hay bales lie on a field, due to the harvest.",
    ],
)
def test_plain_english_passes(text: str) -> None:
    assert found(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        "Auf dem Bild sind in der Mitte drei Schiffe an einem Pier zu sehen.",
        "Ein Fluss in einer Stadt, an dem in zwei Reihen Häuser stehen.",
        "On voit une route étroite à gauche et un grand bâtiment blanc au milieu.",
        "La imagen muestra a la izquierda un puente sobre el río y a la derecha un campo.",
        "A imagem mostra a ponte sobre um rio e as casas à esquerda, com árvores.",
        "L'immagine mostra un ponte in mezzo a campi verdi e alcuni edifici in alto.",
        "Het is een brug in de stad, in het midden ligt een rivier en er zijn huizen.",
        "Kuvassa on joki, joka virtaa peltojen välissä, ja vasemmalla on taloja.",
        "A képen egy folyó látható, amely a zöld mezők között kanyarog, a bal oldalon egy híd.",
        "På bilden finns en bro över en flod, och till vänster ligger två hus.",
        "Na zdjęciu widać rzekę oraz most, a po lewej stronie są dwa białe budynki.",
        "Görüntüde yeşil tarlalar arasında akan bir nehir ve solunda iki beyaz ev var.",
        "Gambar ini menunjukkan sebuah sungai yang mengalir di antara sawah hijau dan jembatan.",
        "Bức ảnh cho thấy một con sông chảy qua những cánh đồng xanh và một cây cầu.",
        "На снимке видна река, которая течёт между зелёными полями.",
        "The image shows the apron of an 机场 in the centre of it.",
    ],
)
def test_other_languages_are_refused(text: str) -> None:
    assert found(text) == "language"


@pytest.mark.parametrize(
    "text",
    [
        "I see a river that runs between the fields and a road.",
        "In the middle I can make out a bridge over a river with many trees.",
        "I'm looking at a harbour with many ships beside a long pier.",
        "I have described the harbour with the ships beside a long pier.",
    ],
)
def test_a_caption_has_no_first_person(text: str) -> None:
    assert found(text) == "meta"
