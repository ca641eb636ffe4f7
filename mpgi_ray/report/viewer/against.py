"""Another run of the same pictures, whose records are found by the pictures' identity."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from mpgi_ray.data.caption import Caption, from_table
from mpgi_ray.data.caption_folder import CaptionFolder


class Other:
    """The run to compare with. About 150 bytes are held of each of its samples.

    Raises:
        InputError: it is no caption folder.
    """

    def __init__(self, url: str) -> None:
        self.folder = CaptionFolder(url)
        self.folder.run_record()
        self._chunks = self.folder.chunks()
        self._places: dict[bytes, tuple[int, int]] = {}
        for number, chunk in enumerate(self._chunks):
            for index, sample_id in samples_of(self.folder.table(chunk)).items():
                if sample_id:
                    self._places.setdefault(_short(sample_id), (number, index))

    def __contains__(self, sample_id: str) -> bool:
        return bool(sample_id) and _short(sample_id) in self._places

    def alone(self, sample_ids: Iterable[str]) -> int:
        """How many of its samples are not among these."""
        return len(self._places) - len({_short(one) for one in sample_ids if one in self})

    def rows(self, sample_ids: Collection[str]) -> dict[str, list[Caption]]:
        """By sample, its records; a picture that lies at several places is taken from the first."""
        wanted: dict[int, set[int]] = defaultdict(set)
        for sample_id in sample_ids:
            if sample_id in self:
                number, index = self._places[_short(sample_id)]
                wanted[number].add(index)
        found: dict[str, list[Caption]] = defaultdict(list)
        for number in sorted(wanted):
            for row in rows_at(self.folder.table(self._chunks[number]), wanted[number]):
                found[row.sample_id].append(row)
        return dict(found)


def samples_of(table: pa.Table) -> dict[int, str]:
    """The samples of a chunk: place to identity, empty for one whose picture could not be read."""
    return dict(zip(table["index"].to_pylist(), table["sample_id"].to_pylist(), strict=True))


def rows_at(table: pa.Table, places: Collection[int]) -> Iterator[Caption]:
    """The records of some samples of a chunk."""
    inside = pc.is_in(table["index"], pa.array(sorted(places), table["index"].type))
    return iter(from_table(table.filter(inside)))


def _short(sample_id: str) -> bytes:
    return sample_id.encode()[:24]
