"""METEOR 1.5 and SPICE of captions: the Java programs that come with the package pycocoevalcap.

- METEOR: Denkowski and Lavie 2014, "Meteor Universal: Language Specific Translation Evaluation for Any Target
  Language".
- SPICE: Anderson et al. 2016, "SPICE: Semantic Propositional Image Caption Evaluation".

These programs define both metrics, so nothing is computed here in their place. The package and Java are not
among our dependencies: whoever wants these figures installs them.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from subprocess import CalledProcessError
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mpgi_ray.errors import InputError, ResourceError
from mpgi_ray.evaluate.captions.metrics import Words, check_captions
from mpgi_ray.evaluate.captions.words import words

_log = logging.getLogger(__name__)

SPICE_MODELS = ("stanford-corenlp-3.6.0.jar", "stanford-corenlp-3.6.0-models.jar")


@dataclass(frozen=True, slots=True, eq=False)
class JavaScore:
    """A metric of captions; from 0 to 1.

    Attributes:
        corpus: the score of all images. METEOR adds up their counts, SPICE takes the mean.
        by_image: (images,).
    """

    corpus: float
    by_image: NDArray[np.float64]


def meteor(candidates: Sequence[Words], references: Sequence[Sequence[Words]]) -> JavaScore:
    """METEOR 1.5 for English, of one caption for each image. The program takes up to 2 GB of memory.

    Args:
        candidates: the words of each image's caption.
        references: the words of each reference of each image.

    Raises:
        ResourceError: Java or the package is missing, or the program fails.
        InputError: as `metrics.score`, or a word that the program would not read as one word.
        TypeError: a text where its words are expected.
    """
    captions, others = _texts(candidates, references)
    scorer = _installed("METEOR", "pycocoevalcap.meteor.meteor").Meteor()
    try:
        corpus, by_image = scorer.compute_score(others, captions)
    except (OSError, ValueError) as error:  # the program ended: a broken pipe, or no number to read
        if scorer.lock.locked():  # otherwise the scorer waits for it when it is deleted
            scorer.lock.release()
        scorer.meteor_p.kill()
        reason = scorer.meteor_p.stderr.read().decode(errors="replace").strip() or error
        raise ResourceError(f"METEOR ended without a score; it needs Java and 2 GB: {reason}") from error
    return JavaScore(float(corpus), np.array(by_image))


def spice(candidates: Sequence[Words], references: Sequence[Sequence[Words]]) -> JavaScore:
    """SPICE of one caption for each image. The program takes up to 8 GB of memory, and is made for Java 8.

    Args:
        candidates: the words of each image's caption.
        references: the words of each reference of each image.

    Raises:
        ResourceError: Java, the package or its language models are missing, or the program fails.
        InputError: as `metrics.score`, or a word that the program would not read as one word.
        TypeError: a text where its words are expected.
    """
    captions, others = _texts(candidates, references)
    package = _installed("SPICE", "pycocoevalcap.spice.spice")
    if missing := _missing_models():  # the package would fetch hundreds of megabytes without asking
        raise ResourceError(
            f"SPICE needs {' and '.join(path.name for path in missing)} in {missing[0].parent}: "
            "`python -m pycocoevalcap.spice.get_stanford_models` fetches them"
        )
    try:
        corpus, by_image = package.Spice().compute_score(others, captions)
    except (OSError, ValueError, CalledProcessError) as error:
        raise ResourceError(f"SPICE ended without a score; it needs Java 8 and 8 GB: {error}") from error
    return JavaScore(float(corpus), np.array([image["All"]["f"] for image in by_image]))


def java_scores(candidates: Sequence[str], references: Sequence[Sequence[str]]) -> dict[str, JavaScore]:
    """`meteor` and `spice` of texts, where they are installed; one that fails is left out with a warning.

    Raises:
        InputError, TypeError: as `meteor`.
    """
    if which("java") is None or find_spec("pycocoevalcap") is None:
        return {}
    metrics = {"meteor": meteor} if _missing_models() else {"meteor": meteor, "spice": spice}
    told = [words(text) for text in candidates], [[words(text) for text in of] for of in references]
    found = {}
    for name, metric in metrics.items():
        try:
            found[name] = metric(*told)
        except ResourceError as error:  # e.g. a Java too new for SPICE; the other figures hold without it
            _log.warning("%s is left out: %s", name, error)
    return found


def _missing_models() -> list[Path]:
    """SPICE's language models that are missing from the installed package."""
    folder = Path(import_module("pycocoevalcap.spice").__path__[0]) / "lib"
    return [folder / name for name in SPICE_MODELS if not (folder / name).is_file()]


def _installed(metric: str, module: str) -> Any:
    missing = []
    if which("java") is None:
        missing.append("Java (no program `java` on PATH: install a Java runtime)")
    if find_spec("pycocoevalcap") is None:
        missing.append("the package pycocoevalcap (`pip install pycocoevalcap`)")
    if missing:
        raise ResourceError(f"{metric} needs {' and '.join(missing)}")
    return import_module(module)


def _texts(
    candidates: Sequence[Words], references: Sequence[Sequence[Words]]
) -> tuple[dict[int, list[str]], dict[int, list[str]]]:
    """Captions and references by image, as the package takes them."""
    check_captions(candidates, references)
    captions = {image: [_text(caption)] for image, caption in enumerate(candidates)}
    return captions, {image: [_text(other) for other in others] for image, others in enumerate(references)}


def _text(words: Words) -> str:
    for word in words:
        if word.split() != [word] or "|||" in word:  # both have a meaning to the programs
            raise InputError(f"the word {word!r}: expected one without spaces and without |||")
    return " ".join(words)
