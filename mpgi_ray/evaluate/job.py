"""Compares models on a test set: retrieval, classes by name, objects, probes, captions and localization."""

from __future__ import annotations

from mpgi_ray.data.lease import held
from mpgi_ray.data.storage import Storage, absolute
from mpgi_ray.errors import InputError, OutputError
from mpgi_ray.evaluate import rows
from mpgi_ray.evaluate.config import EvaluateConfig, Evaluation, Row
from mpgi_ray.evaluate.leaked import Leaked
from mpgi_ray.evaluate.localize.locate import read_air_slt
from mpgi_ray.evaluate.probes.probe import make_counts, make_probes
from mpgi_ray.evaluate.regions import Regions
from mpgi_ray.evaluate.segment import Masks
from mpgi_ray.evaluate.standing import standing
from mpgi_ray.evaluate.test_set import TestSet
from mpgi_ray.evaluate.zero_shot import Templates
from mpgi_ray.models.embed import Model

METRICS = "metrics.json"


def evaluate(config: EvaluateConfig, *, masks: Masks | None = None, takeover: bool = False) -> Evaluation:
    """Compare models on final shards; what is measured is also written to ``metrics.json``.

    Args:
        masks: pictures with the class of each pixel, for segmentation; None leaves it out.
        takeover: see `lease.held`.

    Raises:
        InputError: a model, the shards, leaks or AIR-SLT cannot be read, or no sample has a text that is
            asked for.
        OutputError: the folder is worked on or holds those of another job, or they cannot be written.
    """
    output = Storage(absolute(config.output))
    if output.exists(METRICS) and "shards" not in output.read_json(METRICS):
        raise OutputError(f"{output.path(METRICS)} is of another job: choose another output folder")
    with held(output, "evaluate", takeover=takeover) as lease:
        found = _measured(config, masks)
        lease.check()
        output.publish_json(METRICS, found.record())
    return found


def _measured(config: EvaluateConfig, masks: Masks | None) -> Evaluation:
    test = TestSet.read(config.shards, config.split)
    for name in config.texts:
        if not any(test.texts_of(row, name) for row in range(len(test.records))):
            there = sorted({text for record in test.records for text in record.texts})
            raise InputError(
                f"there is nothing to evaluate in {config.shards}: none of its {len(test.records)} samples "
                f"has the text {name!r}; they have {', '.join(there) or 'none'}"
            )
    targets = [] if config.localize is None else read_air_slt(config.localize)
    leaked = None if config.leaks is None else Leaked.read(config.leaks)
    stands = {place: standing(place, test, leaked, config.related) for place in config.models}
    probes, counts = make_probes(test.records, config.seed), make_counts(test.records, config.seed)
    retrieval: list[Row] = []
    for name in config.texts:
        retrieval += rows.retrieval_baselines(test, name, config.protocol)
    zero_shot: list[Row] = []
    facts: list[Row] = []
    objects = Regions.of(test.records, test.others)
    regions = [rows.region_baseline(objects)] if len(objects.classes) > 1 and objects.rows else []
    segmentation = rows.segmentation_baselines(masks) if masks else []
    captions: list[Row] = []
    localization: list[Row] = []
    for place in config.models:
        model = Model.load(place)
        images = model.images(test.pictures(range(len(test.records))))
        retrieval += [rows.retrieval(model, images, test, name, config.protocol) for name in config.texts]
        if any(test.scenes):
            zero_shot += [rows.zero_shot(model, images, test, templates) for templates in Templates]
        facts += rows.facts(model, images, probes, counts)
        if regions:
            regions.append(rows.regions(model, test, objects))
        if masks:
            segmentation += rows.segmentation(model, masks)
        if model.writes:
            captions += [rows.captions(model, test, name, config.decoding) for name in config.texts]
        if targets:
            localization.append(rows.localization(model, targets))
    if captions:
        captions[:0] = [row for name in config.texts for row in rows.caption_baselines(test, name)]
    return Evaluation(
        config=config,
        images=len(test.records),
        status={place: str(stand) for place, stand in stands.items()},
        not_zero_shot={place: stand.refused for place, stand in stands.items() if stand.refused},
        retrieval=tuple(retrieval),
        zero_shot=tuple(zero_shot),
        regions=tuple(regions),
        segmentation=tuple(segmentation),
        masks=masks.path if masks else None,
        probes=tuple(facts),
        captions=tuple(captions),
        localization=tuple(localization),
    )
