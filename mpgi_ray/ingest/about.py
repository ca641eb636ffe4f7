"""What a person should know of a source before its files are read."""

from __future__ import annotations

from mpgi_ray.config import Config

UNVERIFIED = "unverified"


class About(Config):
    """What is known of a source and changes nothing in the shards, in words for a person.

    Attributes:
        kind: what it was made for, such as ``detection``.
        reader: the format that reads it.
        layout: the files as they lie after unpacking.
        commands: the command lines that read them, with the root of the layout as working directory; one for
            each split that has a folder of its own.
        seen: where the layout was read: addresses of documentation, or of public code as ``owner/repo path``;
            `UNVERIFIED` if it was seen nowhere.
        citation: the paper to cite.
        lineage: where the pictures come from, and which other sources may hold the same ones.
        pictures_of: presets of sources that hold the same pictures; those of one file name are one picture.
        scenes: the scene classes, of sources whose folders name them.
    """

    kind: str | None = None
    reader: str | None = None
    layout: str | None = None
    commands: tuple[str, ...] = ()
    seen: str = UNVERIFIED
    citation: str | None = None
    lineage: str | None = None
    pictures_of: tuple[str, ...] = ()
    scenes: tuple[str, ...] = ()

    @property
    def verified(self) -> bool:
        """Whether the layout was seen in documentation or public code."""
        return self.seen != UNVERIFIED
