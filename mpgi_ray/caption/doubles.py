"""What an integration is told, without the facts that stand in its texts, too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mpgi_ray.rules.english import REFERS, split_sentences


def once(facts: Sequence[str], texts: Mapping[str, str]) -> dict[str, str]:
    """The texts without the sentences that the facts say in the same words.

    A double goes out of the text and stays among the facts: there it is trusted and decides where texts
    differ, while a description may be dropped. It stays in both if the next sentence refers to it ("They
    are …"), and if no text would be left, all stay as they are. What two texts say alike stays: they are
    two witnesses.

    Args:
        facts: each of one or more sentences.
        texts: by name.

    Returns:
        The texts that say something beside the facts, in their order.
    """
    said = {one for fact in facts for one in split_sentences(fact)}
    kept = {}
    for name, text in texts.items():
        sentences = split_sentences(text)
        own = [
            one
            for one, following in zip(sentences, [*sentences[1:], ""], strict=True)
            if one not in said or REFERS.match(following)
        ]
        if own:
            kept[name] = text if own == sentences else " ".join(own)
    return kept or dict(texts)
