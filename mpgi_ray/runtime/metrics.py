"""The metrics that jobs export through Ray: what each is called, counts and means. Nothing here imports Ray.

Nodes export them for Prometheus under ``ray_`` and their name, counters with ``_total`` behind. A gauge that
is not set again for some time is no longer exported, so that what may stay the same for long is a counter.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How a metric is exported."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric.

    Attributes:
        name: as jobs and Ray know it.
        unit: what its numbers count.
        tags: what its series differ by, beside Ray's own; a few values each, never a key or a shard.
        boundaries: upper ends of the buckets of a histogram.
    """

    name: str
    kind: Kind
    unit: str
    description: str
    tags: tuple[str, ...] = ()
    boundaries: tuple[float, ...] = ()

    @property
    def exported(self) -> str:
        """Its name on a node's endpoint; of a histogram, that of the buckets."""
        ending = {Kind.COUNTER: "_total", Kind.GAUGE: "", Kind.HISTOGRAM: "_bucket"}[self.kind]
        return f"ray_{self.name}{ending}"


SHARDS_READ = Metric(
    "mpgi_shards_read", Kind.COUNTER, "shards", "Shards that the reading tasks of a caption run have read."
)
BYTES_READ = Metric(
    "mpgi_bytes_read", Kind.COUNTER, "bytes", "Bytes of these shards, as they lie in their storage."
)
TEXTS = Metric(
    "mpgi_texts",
    Kind.COUNTER,
    "texts",
    "Records made, by what became of them; texts that were taken over are not among them.",
    ("stage", "model", "perspective", "status", "reason"),
)
TOKENS = Metric(
    "mpgi_tokens",
    Kind.COUNTER,
    "tokens",
    "Tokens of requests: prompt (cached ones included), cached, completion.",
    ("stage", "kind"),
)
REQUEST_SECONDS = Metric(
    "mpgi_request_seconds",
    Kind.HISTOGRAM,
    "seconds",
    "Time of a request to an engine that is a process or a server of its own.",
    ("stage",),
    (0.1, 0.3, 1, 3, 10, 30, 100, 300),
)
SAMPLES = Metric("mpgi_samples", Kind.COUNTER, "samples", "Samples that a stage was asked about.", ("stage",))
CHUNKS = Metric("mpgi_chunks", Kind.COUNTER, "chunks", "Chunks that a stage has finished.", ("stage",))
CHUNKS_BEGUN = Metric(
    "mpgi_chunks_begun",
    Kind.COUNTER,
    "chunks",
    "Chunks that replicas have begun; what they hold is the difference to those that are finished.",
    ("stage",),
)
IDLE_SECONDS = Metric(
    "mpgi_idle_seconds",
    Kind.COUNTER,
    "seconds",
    "Time in which a replica was ready and held no chunk, so that its engine waited for input.",
    ("stage",),
)
BUSY_SECONDS = Metric(
    "mpgi_busy_seconds", Kind.COUNTER, "seconds", "Time in which a replica held a chunk.", ("stage",)
)
ENGINE_STARTS = Metric(
    "mpgi_engine_starts",
    Kind.COUNTER,
    "starts",
    "Starts of engines: more than there are replicas where one was started again.",
    ("stage",),
)
ENGINE_START_SECONDS = Metric(
    "mpgi_engine_start_seconds", Kind.COUNTER, "seconds", "Time that these starts took.", ("stage",)
)
SCORED_TEXTS = Metric("mpgi_scored_texts", Kind.COUNTER, "texts", "Texts with a row of scores.")
SCORED_SHARDS = Metric("mpgi_scored_shards", Kind.COUNTER, "shards", "Tables of scores that were published.")
TRAIN_STEPS = Metric("mpgi_train_steps", Kind.COUNTER, "steps", "Steps that were learned.")
TRAIN_SAMPLES = Metric(
    "mpgi_train_samples", Kind.COUNTER, "samples", "Samples of these steps, of all workers."
)
TRAIN_LOSS = Metric("mpgi_train_loss", Kind.GAUGE, "loss", "Loss of the last step.")
TRAIN_DATA_WAIT = Metric(
    "mpgi_train_data_wait",
    Kind.GAUGE,
    "share",
    "Share of the last step that the first worker waited for data.",
)
REWARD_REQUESTS = Metric(
    "mpgi_reward_requests",
    Kind.COUNTER,
    "requests",
    "Requests to the endpoint of rewards: scored, refused (4xx), unauthorized, full (sent away) or failed.",
    ("outcome",),
)
REWARD_SECONDS = Metric(
    "mpgi_reward_seconds",
    Kind.HISTOGRAM,
    "seconds",
    "Time of a request that was scored, from its arrival at a replica to its answer.",
    (),
    (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30),
)
REWARD_BATCH = Metric(
    "mpgi_reward_batch",
    Kind.HISTOGRAM,
    "requests",
    "Requests that were scored together.",
    (),
    (1, 2, 4, 8, 16, 32, 64, 128),
)

CAPTION = (
    SAMPLES,
    CHUNKS,
    CHUNKS_BEGUN,
    TEXTS,
    TOKENS,
    REQUEST_SECONDS,
    BUSY_SECONDS,
    IDLE_SECONDS,
    ENGINE_STARTS,
    ENGINE_START_SECONDS,
    SHARDS_READ,
    BYTES_READ,
)
SCORE = (SCORED_TEXTS, SCORED_SHARDS)
TRAIN = (TRAIN_STEPS, TRAIN_SAMPLES, TRAIN_LOSS, TRAIN_DATA_WAIT)
REWARD = (REWARD_REQUESTS, REWARD_SECONDS, REWARD_BATCH)
JOBS = {"caption": CAPTION, "score": SCORE, "train": TRAIN, "reward": REWARD}


def table() -> list[str]:
    """All metrics, as the lines of a Markdown table."""
    lines = ["| exported as | kind | tags | what it tells |", "| --- | --- | --- | --- |"]
    for metric in (metric for metrics in JOBS.values() for metric in metrics):
        tags = ", ".join(metric.tags)
        kind = f"{metric.kind} of {metric.unit}"
        lines.append(f"| `{metric.exported}` | {kind} | {tags} | {metric.description} |")
    return lines
