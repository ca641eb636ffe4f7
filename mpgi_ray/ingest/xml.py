"""XML annotation files: read without the parts that can do harm, and the numbers and flags in them."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree

from mpgi_ray.ingest.outline import numbers


def parse_xml(text: str, root: str, of: str) -> ElementTree.Element:
    """The root of a file.

    Args:
        root: the tag that it must have.
        of: what files have it, for messages: ``Pascal VOC``.

    Raises:
        ValueError: it is not XML, is of something else, or declares entities, which can be made to fill the
            memory.
    """
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ValueError("it has a DOCTYPE, which may hide anything: remove that line")
    try:
        found = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise ValueError(f"it is not valid XML: {error}") from error
    if found.tag != root:
        raise ValueError(f"its root is <{found.tag:.60}>: expected <{root}>, as of {of}")
    return found


def values(parent: ElementTree.Element, names: Iterable[str]) -> list[float]:
    """The numbers in children of these names.

    Raises:
        ValueError: one is missing, or holds no finite number.
    """
    texts = {name: parent.findtext(name) for name in names}
    if missing := [name for name, text in texts.items() if text is None]:
        raise ValueError(f"<{parent.tag}> has no <{missing[0]}>")
    return numbers((text or "").strip() for text in texts.values())


def pixels(parent: ElementTree.Element, name: str) -> int | None:
    """A stated width or height; 0, which some tools write where they do not know it, states nothing."""
    text = (parent.findtext(name) or "").strip()
    return int(numbers([text])[0]) or None if text else None


def flag(parent: ElementTree.Element, name: str) -> bool:
    """Whether a child says 1, true or yes."""
    return (parent.findtext(name) or "0").strip().lower() in ("1", "true", "yes")
