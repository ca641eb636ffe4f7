"""Rows of many files that are read one file at a time, in the form that a program wants."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from mpgi_ray.errors import InputError
from mpgi_ray.read.part import Part, Row

if TYPE_CHECKING:
    import ray.data

    from mpgi_ray.read.as_torch import PartsDataset


@dataclass(frozen=True)
class Rows:
    """A table that lies in many files. Nothing is read before it is asked for, and then file by file.

    Attributes:
        schema: the columns.
        parts: what reads a file each.
        shards: the addresses of the tars that the rows come from; empty for other files.
        split: the one that rows are of, if only those of one are given.
    """

    schema: pa.Schema
    parts: Sequence[Part]
    shards: tuple[str, ...] = ()
    split: str | None = None

    def __iter__(self) -> Iterator[Row]:
        """The rows, each as a dict of Python values."""
        for table in self.tables():
            for batch in table.to_batches(max_chunksize=256):
                yield from batch.to_pylist()

    def tables(self) -> Iterator[pa.Table]:
        """A table a file.

        Raises:
            InputError: only rows of one split were asked for, and no file has any; told after the last file.
        """
        found = 0
        for part in self.parts:
            table = part()
            found += table.num_rows
            yield table
        if self.split is not None and not found:
            raise InputError(
                f"no sample of {len(self.parts):,} files is of split {self.split!r}: read them without it, "
                "and look at the column of that name"
            )

    def arrow(self) -> pa.Table:
        """All rows in memory, pictures among them where they are a column."""
        return pa.concat_tables([self.schema.empty_table(), *self.tables()])

    def pandas(self) -> Any:
        """All rows in memory, as a pandas data frame."""
        return self.arrow().to_pandas(maps_as_pydicts="strict")

    def ray(self) -> ray.data.Dataset:
        """The rows as a Ray Data set: a task a file, which is read again whole if its node is lost."""
        from mpgi_ray.read.as_ray import as_ray

        return as_ray(self.parts)

    def torch(self, transform: Callable[[Row], Any] | None = None) -> PartsDataset:
        """The rows as a torch data set.

        The files are dealt to the ranks of ``torch.distributed``, if it is initialised, and within a rank to
        the workers of the ``DataLoader``: each row is given once. Ranks may have different numbers of rows.

        Args:
            transform: makes of a row what a batch is collated of, such as a tensor and a text.
        """
        from mpgi_ray.read.as_torch import PartsDataset

        return PartsDataset(self.parts, transform)

    def webdataset(self, **options: Any) -> Any:
        """The shards as a pipeline of the webdataset library, of which no row is left out or repeated.

        Its samples are the members of the tars as they are: ``.decode("pil")`` and so on follow.

        Args:
            options: of ``webdataset.WebDataset``, such as ``shardshuffle=100``.

        Raises:
            InputError: the rows do not come from shards on a local disk.
            ImportError: the extra ``webdataset`` is not installed.
        """
        if not self.shards or any("://" in shard for shard in self.shards):
            what = f"{self.shards[0]} does" if self.shards else "these rows do"
            raise InputError(
                f"{what} not lie in a tar on a local disk, which webdataset needs: use ray() or torch()"
            )
        from mpgi_ray.read.as_webdataset import as_webdataset

        return as_webdataset(self.shards, options)
