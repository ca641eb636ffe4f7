"""Are instructions true? Every record is held against the original annotation, by arithmetic of its own.

Instructions are made of generated scenes and of the boxed folders that MPGI_TEST_DATA names, by the job that
`mpgi instruct make` runs, as their sources label them and once more as if they labelled all there is, so that
numbers, phrases and relations of real boxes are asked for, too. `instructions_judge` marks each answer; then
the same records are altered, and the judge has to find them. Last comes what is right without a picture.

    python benchmarks/instructions_true.py [--scenes 600] [--measured] [--folder FOLDER]
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from instructions_altered import altered
from instructions_blind import print_blind
from instructions_judge import Original, judge
from planted_known import Known, Thing, thing_of
from planted_sources import BOXED, called_complete, real, scenes
from truth import DATA

from mpgi_ray.data.image import to_plain
from mpgi_ray.data.instructions import Conversation, Turn, read_instructions
from mpgi_ray.data.sample import Sample
from mpgi_ray.data.shards import encode_json
from mpgi_ray.data.tar_write import write_members
from mpgi_ray.instruct.config import MakeConfig
from mpgi_ray.instruct.job import make_instructions
from mpgi_ray.rules import gather, rule_text

SHARD = 100
_ID = 48  # characters of an id that tell pictures apart
_SHOWN = 10  # records that are false, or that nobody can judge


def main(arguments: list[str] | None = None) -> Counter[str]:
    """Make, judge, alter, judge again; the number of records by verdict."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scenes", type=int, default=600)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--measured", action="store_true", help="name colours of things, too")
    parser.add_argument("--folder", help="keep shards and instructions here")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(given.folder or scratch)
        pictures = [*drawn(given.scenes, given.seed), *boxed()]
        originals = write_final(folder / "final", pictures)
        told = {"untold": 0.2, "measured": given.measured}
        where = {"shards": str(folder / "final"), "output": str(folder / "instructions")}
        make_instructions(MakeConfig.model_validate(where | told))
        found = read_instructions(str(folder / "instructions"))
    splits = defaultdict(set)
    turns = []
    for one in (one for own in found.values() for one in own):
        splits[one.sample_id[:_ID]].add(one.split)
        turns += [(one, turn) for turn in one.turns]
    conversations = sum(map(len, found.values()))
    print(f"{len(turns):,} records about {len(found):,} pictures in {conversations:,} conversations")
    print(f"pictures in two splits: {sum(len(own) > 1 for own in splits.values())}")
    verdicts = _judged("as they were made", turns, originals)
    changed = [(one, new) for one, turn in turns if (new := altered(turn, originals[one.sample_id]))]
    _judged("altered", changed, originals, expected=False)
    print_blind(turns)
    return verdicts


def drawn(count: int, seed: int) -> Iterator[tuple[Sample, Known]]:
    """Generated scenes with the boxes of their annotation, not those around their oriented boxes."""
    for sample, known in scenes(range(count), seed):
        width, height = known.size
        of_class: dict[str, list[Thing]] = defaultdict(list)
        for one in sample.annotation.objects:
            x1, y1, x2, y2 = one.box
            covered = thing_of(one.obb, known.size).covered if one.obb else 0.0
            box = x1 / width, y1 / height, x2 / width, y2 / height
            of_class[one.label].append(Thing(box, True, covered))
        yield sample, replace(known, things=of_class)


def boxed() -> Iterator[tuple[Sample, Known]]:
    """Pictures of the boxed folders, as their sources label them, and as if they labelled all there is."""
    for name in (*BOXED, "neon_trees"):
        for sample, known in real(DATA, name, 10_000) if (DATA / name).exists() else ():
            yield _named(sample, sample.sample_id), known
            whole, told = called_complete(sample, known)
            yield _named(whole, sample.sample_id[:_ID] + "0" * (64 - _ID)), told


def _named(sample: Sample, sample_id: str) -> Sample:
    """The picture under an identity, as it is annotated in two ways, and in a split by its bytes."""
    split = "test" if sample.sample_id < "4" else "train"
    note = sample.annotation.model_copy(update={"split": split})
    named = replace(sample, annotation=note)
    named.__dict__["sample_id"] = sample_id
    return named


def write_final(folder: Path, pictures: Iterable[tuple[Sample, Known]]) -> Mapping[str, Original]:
    """Final shards of pictures with texts of the rules, and what the originals say of each, by sample id."""
    folder.mkdir(parents=True, exist_ok=True)
    originals: dict[str, Original] = {}
    members = []
    for number, (sample, known) in enumerate(pictures):
        scene = sample.annotation.scene[0] if sample.annotation.scene else ""
        originals[sample.sample_id] = Original(known, scene)
        told = rule_text(gather(sample.annotation), sample.sample_id)
        texts = {"short": told[0], "long": " ".join(told)} if told else {}
        note = sample.annotation.model_dump(mode="json", exclude_defaults=True)
        record = {"mpgi": 1, "sample_id": sample.sample_id, "texts": texts, "annotation": note}
        image, suffix, _ = to_plain(sample.image)
        key = f"{number:06d}"
        members.append(
            (key, {suffix: image, "json": encode_json(record), "txt": texts.get("short", "").encode()})
        )
    for start in range(0, len(members), SHARD):
        (folder / f"shard-{start // SHARD:06d}.tar").write_bytes(
            write_members(members[start : start + SHARD])
        )
    return originals


def _judged(
    what: str,
    turns: Iterable[tuple[Conversation, Turn]],
    originals: Mapping[str, Original],
    expected: bool = True,
) -> Counter[str]:
    """A line for each kind: how many are true, false, and not to be judged."""
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    odd = []
    for one, turn in turns:
        right = judge(turn, originals[one.sample_id])
        verdict = "not judged" if right is None else "true" if right else "false"
        kinds[turn.kind][verdict] += 1
        if right is not expected:
            told = f"{turn.question} {turn.answer} {dict(turn.truth)}"
            odd.append(f"{verdict}: {turn.kind}: {told} {one.sample_id[:12]}")
    print(f"\n{what:18} {'records':>8} {'true':>8} {'false':>8} {'not judged':>11}")
    total = sum(kinds.values(), Counter[str]())
    for kind, counts in [*sorted(kinds.items()), ("all", total)]:
        told = f"{counts['true']:8,} {counts['false']:8,} {counts['not judged']:11,}"
        print(f"{kind:18} {counts.total():8,} {told}")
    for line in odd[:_SHOWN]:
        print(line)
    return total


if __name__ == "__main__":
    main()
