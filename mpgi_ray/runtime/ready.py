"""How many of a job's actors have opened what they need."""

from __future__ import annotations

import ray


def ready_actors(mark: str) -> int | None:
    """The actors of this job that have finished their constructor, by a part of their class's name.

    Ray Data tells nobody what its pools wait for, and Ray's public listing of actors needs its dashboard: so
    the head's own table is read.

    Returns:
        None where Ray does not tell: its table is not public, and another version may have another one.
    """
    try:
        from ray._private import state

        job = ray.JobID.from_hex(ray.get_runtime_context().get_job_id())
        actors = state.actors(job_id=job, actor_state_name="ALIVE")
        return sum(mark in f"{actor['ActorClassName']} {actor['Name']}" for actor in actors.values())
    except Exception:  # whatever a table that is not public does
        return None
