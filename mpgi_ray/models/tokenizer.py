"""A small tokenizer, trained on the texts at hand.

The stock vocabulary of CLIP has 49,408 entries: a small model would spend most of its weights and time on
words it never meets. This one has at most 2,000 byte-pair pieces of the lower-cased training texts; since
every byte is a piece, no text is unknown to it. The same texts in the same order give the same tokenizer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from mpgi_ray.errors import InputError

if TYPE_CHECKING:
    import torch

PAD, START, END = 0, 1, 2  # `small.json` pools at END
VOCABULARY = 2000


class TextTokenizer:
    """Texts to token ids, with open_clip's calling convention."""

    def __init__(self, tokenizer: Tokenizer, context_length: int) -> None:
        self.context_length = context_length
        self._tokenizer = tokenizer
        self._tokenizer.encode_special_tokens = True  # "<end>" in a text is text

    @classmethod
    def train(cls, texts: Iterable[str], context_length: int) -> Self:
        """Learn the pieces of ``texts``."""
        tokenizer = Tokenizer(models.BPE())
        tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
        tokenizer.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=VOCABULARY,
            min_frequency=2,
            special_tokens=["<pad>", "<start>", "<end>"],
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        )
        tokenizer.train_from_iterator(texts, trainer)
        return cls(tokenizer, context_length)

    @classmethod
    def from_json(cls, text: str, context_length: int) -> Self:
        """Read what `to_json` wrote: the format of the ``tokenizers`` library.

        Raises:
            InputError: it is damaged or of another format.
        """
        try:
            tokenizer = Tokenizer.from_str(text)
        except Exception as error:  # the library raises no other kind
            raise InputError(
                f"a tokenizer is damaged or not one of the tokenizers library ({error}): restore its file"
            ) from error
        return cls(tokenizer, context_length)

    def to_json(self) -> str:
        return str(self._tokenizer.to_str(pretty=True))

    def __len__(self) -> int:
        return int(self._tokenizer.get_vocab_size())

    def __call__(self, texts: str | Sequence[str]) -> torch.Tensor:
        """The `ids` as a tensor."""
        import torch

        return torch.from_numpy(self.ids([texts] if isinstance(texts, str) else texts))

    def ids(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Token ids of shape (texts, context length): START, pieces, END, then PAD.

        A longer text is cut, so that its last slot holds END.
        """
        ids = np.full((len(texts), self.context_length), PAD, dtype=np.int64)
        encodings = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        for row, encoding in zip(ids, encodings, strict=True):
            pieces = [START, *encoding.ids[: self.context_length - 2], END]
            row[: len(pieces)] = pieces
        return ids

    def encode(self, text: str) -> list[int]:
        """The pieces of a text, uncut and without START and END."""
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def decode(self, ids: Sequence[int]) -> str:
        """The text of token ids, without the special ones."""
        return str(self._tokenizer.decode(list(ids), skip_special_tokens=True)).strip()
