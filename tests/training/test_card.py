"""The card names whose texts trained a model."""

import json
from pathlib import Path

from sparsecbm.data.catalogue import DATASETS
from sparsecbm.model.checkpoint import METRICS_FILE
from sparsecbm.training.card import model_card


def test_each_data_set_that_trained_a_model_is_credited_once(tiny_checkpoint: Path) -> None:
    metrics = json.loads((tiny_checkpoint / METRICS_FILE).read_text(encoding="utf-8"))
    [own] = metrics["training"]["sources"]
    assert DATASETS["cebab"].credit in model_card(metrics)
    metrics["training"]["sources"] = [own | {"name": name} for name in ("mams/train", "yelp/train", "mams/dev")]
    card = model_card(metrics)
    assert [card.count(DATASETS[name].credit) for name in ("mams", "yelp", "cebab")] == [1, 1, 0]


def test_a_model_that_went_on_credits_what_the_ones_before_were_trained_on(tiny_checkpoint: Path) -> None:
    metrics = json.loads((tiny_checkpoint / METRICS_FILE).read_text(encoding="utf-8"))
    first = metrics["training"]
    [own] = first["sources"]
    second = first | {"sources": [own | {"name": "mams/train"}], "before": first | {"hash": "a" * 64},
                      "config": first["config"] | {"backbone": "runs/first"}}
    third = second | {"sources": [own | {"name": "corrections/learned"}], "before": second | {"hash": "b" * 64}}
    card = model_card(metrics | {"training": third})
    assert [card.count(DATASETS[name].credit) for name in ("mams", "cebab", "yelp")] == [1, 1, 0]
    assert "Backbone: `backbone0`" in card and "runs/first" not in card and "b" * 12 in card
