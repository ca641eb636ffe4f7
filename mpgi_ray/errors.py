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


class DamagedError(InputError):
    """A file of this program does not hold what it should.

    Attributes:
        what: the error without the fix.
    """

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(f"{what}; {fix}")
        self.what, self.fix = what, fix

    def __reduce__(self) -> tuple[type[DamagedError], tuple[str, str]]:
        return type(self), (self.what, self.fix)


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
