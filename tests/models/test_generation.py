"""Captions from small CoCa models with random weights, against slow and plain ways to the same."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import open_clip
import pytest
import torch
from torch import Tensor

from mpgi_ray.errors import InputError, RecipeError
from mpgi_ray.models.decoding import Beam, Decoding, Greedy, Nucleus
from mpgi_ray.models.generation import Codec, describe, generate
from mpgi_ray.models.tokenizer import TextTokenizer

PAD, START, END = 0, 1, 2
CONTEXT = 12


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def coca(vocabulary: int, seed: int = 0) -> open_clip.CoCa:
    """A CoCa of 64 channels for 16 pixels, with weights large enough that pictures and prefixes matter."""
    torch.manual_seed(seed)
    layers = {"context_length": CONTEXT, "vocab_size": vocabulary, "width": 64, "heads": 2, "layers": 2}
    pooler = {"attentional_pool": True, "attn_pooler_heads": 2, "attn_pooler_queries": 8}
    tower = {"image_size": 16, "patch_size": 8, "layers": 2, "width": 64, "head_width": 32}
    model = open_clip.CoCa(
        embed_dim=64,
        vision_cfg=tower | pooler | {"output_tokens": True},
        text_cfg=layers | {"embed_cls": True, "output_tokens": True},
        multimodal_cfg=layers | {"attn_pooler_heads": 2},
    ).eval()
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim >= 2:
                weight *= 2
        model.text_decoder.text_projection.normal_(std=0.25)  # open_clip leaves it as it finds the memory
    return model


def pictures(count: int, seed: int = 0) -> Tensor:
    return torch.randn(count, 3, 16, 16, generator=torch.Generator().manual_seed(seed))


def captions(model: torch.nn.Module, pixels: Tensor, decoding: Decoding, length: int = CONTEXT) -> Tensor:
    return generate(model, pixels, decoding, start=START, end=END, pad=PAD, max_length=length)


@torch.no_grad()
def log_probabilities(model: torch.nn.Module, picture: Tensor, row: Sequence[int]) -> Tensor:
    """After each token of one row, by the model's plain forward pass: (length, vocabulary)."""
    logits = model(picture[None], torch.tensor([row]), output_labels=False)["logits"][0]
    return logits.index_fill(1, torch.tensor([START, PAD]), -torch.inf).log_softmax(1)


def mean_log_probability(model: torch.nn.Module, picture: Tensor, row: Sequence[int]) -> float:
    tokens = [token for token in row if token != PAD]
    steps = log_probabilities(model, picture, tokens[:-1])
    return float(steps[range(len(steps)), tokens[1:]].mean())


def padded(row: list[int], length: int) -> list[int]:
    return row + [PAD] * (length - len(row))


def test_greedy_is_the_plain_loop_over_one_picture() -> None:
    lengths = set()
    for seed in range(3):
        model, pixels = coca(12, seed), pictures(8, seed)
        expected = []
        for picture in pixels:
            row = [START]
            while len(row) < CONTEXT and row[-1] != END:
                row.append(int(log_probabilities(model, picture, row)[-1].argmax()))
            expected.append(padded(row, CONTEXT))
            lengths.add(len(row))
        assert captions(model, pixels, Greedy()).tolist() == expected
    assert len(lengths) > 2


def test_a_beam_of_one_is_greedy_and_a_wider_one_scores_no_lower() -> None:
    gains = []
    for seed in range(3):
        model, pixels = coca(12, seed), pictures(8, seed)
        greedy = captions(model, pixels, Greedy())
        assert torch.equal(captions(model, pixels, Beam(1)), greedy)
        wide = captions(model, pixels, Beam(6))
        for picture, one, other in zip(pixels, wide.tolist(), greedy.tolist(), strict=True):
            gain = mean_log_probability(model, picture, one) - mean_log_probability(model, picture, other)
            assert gain > -1e-5
            gains.append(gain)
    assert max(gains) > 0.1


def test_a_beam_wide_enough_finds_the_best_of_all_captions() -> None:
    length, words = 5, (3, 4)
    ended = [[*row, END] for n in range(length - 1) for row in itertools.product(words, repeat=n)]
    cut = [list(row) for row in itertools.product(words, repeat=length - 1)]
    found = []
    for seed in range(3):
        model, pixels = coca(5, seed), pictures(6, seed)
        for picture, row in zip(pixels, captions(model, pixels, Beam(40), length).tolist(), strict=True):
            everything = [[START, *tokens] for tokens in ended + cut]
            best = max(everything, key=lambda tokens: mean_log_probability(model, picture, tokens))
            assert row == padded(best, length)
            found.append(tuple(row))
    assert len(set(found)) > 2


@pytest.mark.parametrize("decoding", [Greedy(), Beam(3), Nucleus(seed=5)])
def test_a_caption_does_not_depend_on_the_rest_of_the_batch(decoding: Decoding) -> None:
    model, pixels = coca(12), pictures(8)
    together = captions(model, pixels, decoding)
    assert len(torch.unique(together, dim=0)) > 2
    for index in range(8):
        assert torch.equal(captions(model, pixels[index : index + 1], decoding)[0], together[index])
    others = torch.cat([pictures(5, seed=1), pixels.flip(0)])
    assert torch.equal(captions(model, others, decoding)[5:].flip(0), together)


def test_logits_do_not_depend_on_later_tokens() -> None:
    model, pixels = coca(12), pictures(1)
    row = torch.tensor([[START, 5, 7, 9, 11, 4]])
    with torch.no_grad():
        logits = model(pixels, row, output_labels=False)["logits"]
        for length in range(1, 6):
            for later in (torch.full((1, 6 - length), PAD), row[:, length:].flip(1), row[:, :0]):
                changed = torch.cat([row[:, :length], later], dim=1)
                out = model(pixels, changed, output_labels=False)["logits"]
                torch.testing.assert_close(out[:, :length], logits[:, :length])
        earlier = model(pixels, row.index_fill(1, torch.tensor([1]), 6), output_labels=False)["logits"]
        assert (earlier - logits)[:, 1:].abs().amax(dim=-1).min() > 1e-3


def test_a_small_nucleus_is_greedy_and_a_seed_gives_the_same_captions_again() -> None:
    model, pixels = coca(12), pictures(8)
    assert torch.equal(captions(model, pixels, Nucleus(top_p=1e-9)), captions(model, pixels, Greedy()))
    assert torch.equal(captions(model, pixels, Nucleus(temperature=1e-4)), captions(model, pixels, Greedy()))
    first = captions(model, pixels, Nucleus(seed=1))
    assert torch.equal(captions(model, pixels, Nucleus(seed=1)), first)
    assert not torch.equal(captions(model, pixels, Nucleus(seed=2)), first)


@pytest.mark.parametrize(("top_p", "temperature"), [(1.0, 1.0), (0.7, 1.0), (0.8, 0.5)])
def test_draws_follow_the_distribution_of_the_nucleus(top_p: float, temperature: float) -> None:
    model, pixels = coca(12), pictures(2000)
    rows = captions(model, pixels, Nucleus(top_p=top_p, temperature=temperature), 3)
    with torch.no_grad():
        logits = model(pixels, rows[:, :2], output_labels=False)["logits"]
    logits = logits.index_fill(2, torch.tensor([START, PAD]), -torch.inf) / temperature
    # the second token is looked at after a likeliest first one: draws must be independent of each other
    usual = (rows[:, 1] == logits[:, 0].argmax(dim=1)) & (rows[:, 1] != END)
    for scores, drawn in ((logits[:, 0], rows[:, 1]), (logits[usual, 1], rows[usual, 2])):
        expected = torch.zeros(12)
        for probabilities, token in zip(scores.softmax(dim=1), drawn, strict=True):
            nucleus: list[int] = []
            for candidate in probabilities.argsort(descending=True).tolist():
                if float(probabilities[nucleus].sum()) < top_p:
                    nucleus.append(candidate)
            assert int(token) in nucleus
            expected[nucleus] += probabilities[nucleus] / probabilities[nucleus].sum()
        observed = torch.bincount(drawn, minlength=12)
        seen = expected > 5
        assert len(drawn) > 200
        assert int(observed[~seen].sum()) < 20
        chi_square = float(((observed - expected)[seen] ** 2 / expected[seen]).sum())
        assert chi_square < 35  # at most ten tokens: the chance of more is below 1e-3


TEXTS = ["two red ships", "an airport with one long runway", "sand"]


@pytest.mark.parametrize(
    ("codec", "vocabulary"),
    [
        (TextTokenizer.train(TEXTS * 2, CONTEXT), 500),
        (open_clip.SimpleTokenizer(context_length=CONTEXT), 49408),
    ],
    ids=["own tokenizer", "stock tokenizer"],
)
def test_a_model_that_learned_its_pictures_describes_them(codec: Codec, vocabulary: int) -> None:
    model, pixels, tokens = coca(vocabulary), pictures(3), codec(TEXTS)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(300):
        out = model(pixels, tokens)
        logits = out["logits"].transpose(1, 2)
        loss = torch.nn.functional.cross_entropy(logits, out["labels"], ignore_index=PAD)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if loss < 0.05:
            break
    for decoding in (Greedy(), Beam(3), Nucleus(top_p=0.5)):
        assert describe(model, pixels, codec, decoding) == TEXTS
    assert describe(model, pixels, codec, Greedy(), max_length=2)[2] == "sand"


def test_what_cannot_be_decoded_is_refused() -> None:
    for wrong in (
        lambda: Beam(0),
        lambda: Nucleus(top_p=0),
        lambda: Nucleus(top_p=1.1),
        lambda: Nucleus(temperature=0),
    ):
        with pytest.raises(RecipeError, match="expected"):
            wrong()
    for length in (1, CONTEXT + 1):
        with pytest.raises(RecipeError, match=f"max_length {length}: expected 2 to {CONTEXT}"):
            captions(coca(12), pictures(1), Greedy(), length)
    with pytest.raises(InputError, match="a Linear model writes no captions"):
        captions(torch.nn.Linear(1, 1), pictures(1), Greedy())
