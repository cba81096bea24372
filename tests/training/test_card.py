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
