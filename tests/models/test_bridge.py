"""The bridge against values of LHRS-Bot's own code (numbers alone, in the test data)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

from mpgi_ray.models.bridge import Bridge, Variant, levels, places, shares

NAMES = {  # theirs by ours
    "ln_1.": "norm_queries.",
    "ln_1_kv.": "norm_read.",
    "ln_2.": "norm_after.",
    "attn.": "attention.",
    "mlp.c_fc.": "widen.",
    "mlp.c_proj.": "narrow.",
    "layers.": "blocks.",
    "out_proj.": "out.",
    "layernorm_query.": "norms.queries.",
    "layernorm_kv.": "norms.picture.",
    "layernorm_post.": "norms.after.",
}


@pytest.fixture(scope="module")
def golden(data_dir: Path) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads((data_dir / "oracles" / "lhrs_bridge.json").read_text())
    return found


def renamed(name: str) -> str:
    """Our name of a weight of theirs; that of the attention's own last layer stays."""
    if name == "query":
        return "queries"
    inner = name.replace("attn.out_proj.", "attn.LAST.")
    for theirs, ours in NAMES.items():
        inner = inner.replace(theirs, ours)
    return inner.replace("LAST.", "out_proj.")


@pytest.mark.parametrize("variant", Variant)
def test_the_bridge_gives_what_the_authors_code_gives(golden: Mapping[str, Any], variant: Variant) -> None:
    told = golden[variant]
    state = {
        renamed(name): torch.tensor(values, dtype=torch.float64) for name, values in told["state"].items()
    }
    state["queries"] = state["queries"][0]
    bridge = Bridge(variant, (3, 2, 1), layers=2, width=8, heads=2, out=5, grid=(2, 2)).double()
    bridge.load_state_dict(state)
    seen = list(torch.tensor(told["input"], dtype=torch.float64).split(4, dim=1))
    expected = torch.tensor(told["output"], dtype=torch.float64)
    torch.testing.assert_close(bridge(seen), expected, rtol=1e-6, atol=1e-6)


def test_the_bridge_has_the_authors_size(golden: Mapping[str, Any]) -> None:
    queries = shares(Variant.MAIN, 144)
    assert queries == tuple(golden["main_defaults"]["stage_num"])
    assert shares(Variant.NOVA, 272) == tuple(golden["feature_layers"]["nova_queries"])
    with torch.device("meta"):
        bridge = Bridge(Variant.MAIN, queries, layers=6, width=1024, heads=16, out=4096, grid=(16, 16))
        found = bridge([torch.zeros(1, 256, 1024)] * 3)
    assert list(found.shape) == golden["main_real_shape"]
    assert sum(weight.numel() for weight in bridge.parameters()) == golden["main_real_params"]


def test_layers_and_places_are_those_of_the_authors(golden: Mapping[str, Any]) -> None:
    for variant in Variant:
        for count, expected in golden["feature_layers"][variant].items():
            assert list(levels(variant, int(count))) == expected
    expected = torch.tensor(golden["nova_pos_embed_8_3x5"])
    torch.testing.assert_close(places(8, 3, 5), expected, rtol=1e-6, atol=1e-6)
    whole = torch.tensor(golden["nova"]["pos_embed"])  # of which theirs takes the corner
    torch.testing.assert_close(places(8, 4, 4), whole, rtol=1e-6, atol=1e-6)
