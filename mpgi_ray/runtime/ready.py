"""How many of a job's actors have opened what they need."""

from __future__ import annotations

from collections.abc import Callable

import ray


def ready_actors(mark: str) -> Callable[[], int | None]:
    """Counts the actors of this job, of those that start from now on, that have finished their constructor,
    those among them that had nothing left to do and were let go.

    Args:
        mark: a part of their class's name.

    Returns:
        What counts them; None where Ray does not tell.
    """
    before = _opened(mark) or set()

    def count() -> int | None:
        opened = _opened(mark)
        return None if opened is None else len(opened - before)

    return count


def _opened(mark: str) -> set[str] | None:
    """Ray Data tells nobody what its pools wait for, and Ray's public listing of actors needs its dashboard:
    so the head's own table is read. It is not public: of another version, None may be all that is known.
    """
    try:
        from ray._private import state

        job = ray.JobID.from_hex(ray.get_runtime_context().get_job_id())
        return {
            name
            for name, actor in state.actors(job_id=job).items()
            if mark in f"{actor['ActorClassName']} {actor['Name']}"
            and (actor["State"] == "ALIVE" or (actor["StartTime"] and _is_let_go(actor["DeathCause"])))
        }
    except Exception:  # whatever a table that is not public does
        return None


def _is_let_go(death: object) -> bool:
    context = death.actor_died_error_context  # type: ignore[attr-defined]  # a message of Ray's own
    return context.reason in (context.OUT_OF_SCOPE, context.REF_DELETED)
