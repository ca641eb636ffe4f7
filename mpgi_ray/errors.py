"""The errors a user can mend. Each message names the value, what was expected and the fix.

The command line prints these without a traceback; any other exception is a defect of the program.
"""

from __future__ import annotations


class MpgiError(Exception):
    """Base of all errors that a user can mend."""


class RecipeError(MpgiError):
    """A recipe, a prompt file or an option is wrong."""


class InputError(MpgiError):
    """A source data set, a shard or a caption folder cannot be read."""


class OutputError(MpgiError):
    """A result cannot be written, or belongs to another run."""


class StorageError(MpgiError):
    """Storage does not answer, or refuses access: no fault of one file, so it ends a job and not a row."""


class ResourceError(MpgiError):
    """The cluster holds less than the recipe asks for."""


class UnfinishedError(MpgiError):
    """Work was left undone; what was published stays, and the same command goes on from there."""


class StoppedError(MpgiError):
    """The user, or a scheduler, asked the job to stop.

    Attributes:
        code: exit code of the process: 128 and the signal's number.
    """

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code

    def __reduce__(self) -> tuple[type[StoppedError], tuple[str, int]]:
        return type(self), (str(self), self.code)


class TrainingError(MpgiError):
    """Training cannot go on: a loss is not finite, or the data changed during the run."""
