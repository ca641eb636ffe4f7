"""The copy of a job's ``--working-dir``, in which relative paths of ``ray job submit`` end."""

from __future__ import annotations

from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import OutputError


def in_job_copy(storage: Storage) -> bool:
    """Whether a folder lies where Ray unpacks what a job brings, and deletes it when it needs the room."""
    return storage.is_local and "/runtime_resources/working_dir_files/" in f"{storage.path('')}/"


def require_lasting(storage: Storage) -> None:
    """Hold the folder of an output against being deleted with the job's copy.

    Raises:
        OutputError: it lies in there.
    """
    if in_job_copy(storage):
        raise OutputError(
            f"{storage.path('')} lies in the copy of the job's --working-dir, which Ray deletes: give the "
            "output as an absolute path, or as a URL"
        )
