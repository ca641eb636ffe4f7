"""Texts without their padding have the features, and give the gradients, that they have with it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from mpgi_ray.models import checkpoint
from mpgi_ray.models.architecture import Architecture, small, small_coca
from mpgi_ray.models.text_tower import encode_text
from mpgi_ray.models.tokenizer import TextTokenizer

WORDS = ["red", "ships", "lie", "on", "the", "left", "of", "sand"]
TEXTS = [" ".join(WORDS[: 1 + number * 5 % len(WORDS)]) for number in range(100)]  # of all lengths, mixed
STOCK = Architecture(
    "tiny",
    {
        "embed_dim": 32,
        "vision_cfg": {"image_size": 32, "layers": 1, "width": 32, "patch_size": 16, "head_width": 32},
        "text_cfg": {"context_length": 20, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
    },
    {},
)


def made(kind: str) -> Architecture:
    if kind == "stock":
        return STOCK
    return (small if kind == "small" else small_coca)(TextTokenizer.train(TEXTS, 20))


@pytest.mark.parametrize("kind", ["small", "small-coca", "stock"])
def test_features_and_gradients_are_those_of_whole_contexts(kind: str) -> None:
    torch.manual_seed(0)
    architecture = made(kind)
    model, _, tokenize = checkpoint.build(architecture)
    tokens = tokenize(TEXTS)
    towards = torch.randn(len(TEXTS), architecture.model_cfg["embed_dim"])

    def learned(features: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        model.zero_grad()
        (features * towards).sum().backward()
        return features.detach(), {
            n: w.grad.clone() for n, w in model.named_parameters() if w.grad is not None
        }

    whole, gradients = learned(model.encode_text(tokens, normalize=True))
    found, others = learned(encode_text(model, tokens))
    torch.testing.assert_close(found, whole, rtol=0, atol=1e-5)
    assert others.keys() == gradients.keys()
    for name, gradient in gradients.items():
        torch.testing.assert_close(others[name], gradient, rtol=1e-4, atol=1e-5 * float(gradient.abs().max()))


def test_the_longest_text_decides_how_much_is_computed() -> None:
    model, _, tokenize = checkpoint.build(made("small"))
    lengths: list[int] = []
    tower: Any = model
    tower.transformer.register_forward_pre_hook(lambda _, inputs: lengths.append(inputs[0].shape[1]))
    encode_text(model, tokenize(TEXTS))
    assert lengths == sorted(lengths)
    assert lengths[0] < lengths[-1] < 20
