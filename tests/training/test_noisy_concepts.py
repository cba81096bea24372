"""Concept labels that may be wrong: mixed, weighted, and made wrong on purpose."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from sparsecbm.config import TrainConfig
from sparsecbm.data.split import Split
from sparsecbm.errors import ConfigError
from sparsecbm.model.checkpoint import load_checkpoint
from sparsecbm.model.network import SparseCBM
from sparsecbm.training import loop
from sparsecbm.training.losses import concept_losses, training_loss
from sparsecbm.training.noisy_concepts import corrupted, drawn_mix, mixup_loss, trust_of
from sparsecbm.training.rows import TrainingRows
from sparsecbm.training.train import _training_rows, train
from sparsecbm.training.training_sources import Source
from tests.helpers import TOY, tiny_model, toy_split, train_config


def two_rows(*values: int, labels: tuple[int, int] = (0, 2)) -> TrainingRows:
    """Two texts whose concepts both have the first value, or the second; a value of -1 is not known."""
    given = torch.tensor(values or (0, 1)).unsqueeze(1).expand(2, 2)
    return TrainingRows(("a", "b"), torch.nn.functional.one_hot(given.clamp_min(0), 3).float(), given >= 0,
                        torch.tensor(labels), torch.ones(2))


def plain_heads(**model: Any) -> tuple[SparseCBM, TrainConfig]:
    """A model whose logits are the first three features of each pass."""
    made = tiny_model(**model)
    made.concept_bias.zero_()
    made.residual_bias.zero_()
    for head in (made.concept_weight, made.residual_weight):
        head.zero_()
        head[..., :3] = torch.eye(3)
    return made, train_config(concept_targets="majority", gamma=3.0, model=model)


def features(passes: int) -> torch.Tensor:
    """The first text's logits are (2, 0, 0) in each pass, the second's (0, 2, 0)."""
    pooled = torch.zeros(2, passes, 16)
    pooled[0, :, 0] = pooled[1, :, 1] = 2
    return pooled


def mixed(model: SparseCBM, config: TrainConfig, rows: TrainingRows, share: float) -> float:
    """The loss of two texts, each the other's partner."""
    passes = list(range(len(config.model.passes)))
    return mixup_loss(lambda pooled, own: training_loss(model, config, pooled, passes, own), features(len(passes)),
                      rows, share, [1, 0]).item()


def entropy(targets: tuple[float, float, float], logits: tuple[float, float, float]) -> float:
    """Cross-entropy in nats."""
    total = math.log(sum(map(math.exp, logits)))
    return -sum(target * (logit - total) for target, logit in zip(targets, logits, strict=True))


# -- MixUp ---------------------------------------------------------------------------------------------------------


def test_mixed_concepts_by_hand() -> None:
    """Three quarters of each text and a quarter of the other, in the features as in the labels."""
    model, config = plain_heads(residual=False)
    first = entropy((0.75, 0.25, 0), (1.5, 0.5, 0))
    second = entropy((0.25, 0.75, 0), (0.5, 1.5, 0))
    assert mixed(model, config, two_rows(), 0.75) == pytest.approx(3 * (first + second) / 2)


def test_the_label_is_mixed_in_its_own_pass() -> None:
    model, config = plain_heads()
    concepts = 3 * entropy((0.75, 0.25, 0), (1.5, 0.5, 0))  # the same for both texts
    label = (entropy((0.75, 0, 0.25), (1.5, 0.5, 0)) + entropy((0.25, 0, 0.75), (0.5, 1.5, 0))) / 2
    assert mixed(model, config, two_rows(), 0.75) == pytest.approx(concepts + label)


def test_what_a_text_does_not_know_it_does_not_say() -> None:
    """The second text knows neither concepts nor label: it lends its features only."""
    model, config = plain_heads()
    own = 0.75 * entropy((1, 0, 0), (1.5, 0.5, 0)) + 0.25 * entropy((1, 0, 0), (0.5, 1.5, 0))
    assert mixed(model, config, two_rows(0, -1, labels=(0, -1)), 0.75) == pytest.approx(3 * own + own)


def test_each_text_keeps_its_weight() -> None:
    model, config = plain_heads(residual=False)
    rows = replace(two_rows(), weights=torch.tensor([1.0, 0.5]))
    first = 0.75 * entropy((1, 0, 0), (1.5, 0.5, 0)) + 0.25 * 0.5 * entropy((0, 1, 0), (1.5, 0.5, 0))
    second = 0.75 * 0.5 * entropy((0, 1, 0), (0.5, 1.5, 0)) + 0.25 * entropy((1, 0, 0), (0.5, 1.5, 0))
    assert mixed(model, config, rows, 0.75) == pytest.approx(3 * (first + second) / 2)


@pytest.mark.parametrize("regime", ["independent", "joint"])
def test_a_whole_text_is_not_mixed(regime: str) -> None:
    """Nor is one with itself."""
    model = tiny_model(residual=regime != "joint")
    config = train_config(regime=regime, model={"residual": regime != "joint"})
    rows, passes = TrainingRows.of(toy_split(), "shares"), list(range(len(config.model.passes)))
    pooled = torch.randn(len(rows), len(passes), 16)

    def loss(given: torch.Tensor, own: TrainingRows) -> torch.Tensor:
        return training_loss(model, config, given, passes, own)

    order = torch.randperm(len(rows)).tolist()
    torch.testing.assert_close(mixup_loss(loss, pooled, rows, 1.0, order), loss(pooled, rows))
    torch.testing.assert_close(mixup_loss(loss, pooled, rows, 0.3, list(range(len(rows)))), loss(pooled, rows))
    assert not torch.allclose(mixup_loss(loss, pooled, rows, 0.3, order), loss(pooled, rows))


@pytest.mark.parametrize("alpha", [0.4, 2.0])
def test_shares_are_drawn_from_a_symmetric_beta(alpha: float) -> None:
    """Whose variance is 1 / (4 (2 alpha + 1)); partners are a permutation."""
    generator = torch.Generator().manual_seed(0)
    drawn = [drawn_mix(alpha, 5, generator) for _ in range(4000)]
    shares = torch.tensor([share for share, _ in drawn])
    assert shares.mean().item() == pytest.approx(0.5, abs=0.02)
    assert shares.var().item() == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.06)
    assert all(sorted(partners) == [0, 1, 2, 3, 4] for _, partners in drawn)
    assert len({tuple(partners) for _, partners in drawn}) == 120
    again = drawn_mix(alpha, 5, torch.Generator().manual_seed(0))
    assert again == drawn[0]


@pytest.mark.slow
def test_a_run_mixes_every_batch_where_it_should(
    trained: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, backbone: Path, rows: Split, other_rows: Split,
    tmp_path: Path,
) -> None:
    """With shares that differ, the same when it is run again; and else not at all."""
    shares: list[float] = []

    def spied(loss: Any, pooled: Any, batch: Any, share: float, partners: list[int]) -> torch.Tensor:
        shares.append(share)
        return mixup_loss(loss, pooled, batch, share, partners)

    monkeypatch.setattr(loop, "mixup_loss", spied)
    plain = load_checkpoint(trained(), "cpu")
    assert shares == []
    config = train_config(backbone, mixup=0.4)
    folders = [train(config, rows, other_rows, tmp_path / name, "cpu") for name in ("one", "two")]
    assert len(shares) == 2 * 9 and len(set(shares)) == 9  # three epochs of three batches
    one, two = (load_checkpoint(folder, "cpu") for folder in folders)
    assert one.hash == two.hash != plain.hash
    assert "MixUp, alpha 0.4" in one.card and "MixUp" not in plain.card


# -- weights of concept labels -------------------------------------------------------------------------------------


def test_trusted_concepts_by_hand() -> None:
    logits = torch.log(torch.tensor([[[0.5, 0.25, 0.25]] * 2, [[0.1, 0.8, 0.1]] * 2]))
    rows = two_rows()
    losses = concept_losses(logits, rows.targets, rows.known, torch.tensor([1.0, 2.0]),
                            torch.tensor([[1.0, 0.5], [0.25, 0.0]]))
    assert losses[0].item() == pytest.approx(-(math.log(0.5) + 2 * 0.25 * math.log(0.8)) / 2)
    assert losses[1].item() == pytest.approx(-0.5 * math.log(0.5) / 2)


def test_the_weight_of_concept_labels_leaves_the_label_alone() -> None:
    """And each pass that is drawn gets its own concept's."""
    model, config = plain_heads()
    rows, pooled = two_rows(), features(3)
    quarter = replace(rows, trust=torch.tensor([[0.25, 1.0]] * 2))
    for chosen, factor in (([0], 0.25), ([1], 1.0), ([2], 1.0)):
        plain, trusted = (training_loss(model, config, pooled[:, chosen], chosen, own) for own in (rows, quarter))
        torch.testing.assert_close(trusted, factor * plain)


def test_a_concept_and_a_source_are_trusted_as_they_are_named() -> None:
    config = train_config(concept_weights={"room": 0.5, "toy/train": 0.2})
    split = toy_split()
    assert torch.equal(trust_of(Source("toy", split), config), torch.tensor([[0.2, 0.1]] * len(split)))
    assert torch.equal(trust_of(Source("other", split), config), torch.tensor([[1.0, 0.5]] * len(split)))
    assert trust_of(Source("toy", split), train_config()) is None
    made = TrainingRows.of(split, "majority", 1.0, trust_of(Source("toy", split), config))
    assert made.select([3, 1]).trust is not None and TrainingRows.joined([made, made]).trust.shape == (36, 2)


def test_a_run_trusts_and_spoils_each_source_apart() -> None:
    """Two sources of the same texts, of which only one is doubted, do not get the same wrong labels."""
    config = train_config(concept_weights={"yelp/train": 0.5}, concept_noise=0.5)
    (one, other), counts = _training_rows(config, (Source("toy", toy_split(4)), Source("yelp", toy_split(4), 2.0)))
    assert one.trust is not None and (one.trust == 1).all() and other.trust is not None and (other.trust == 0.5).all()
    assert (one.weights == 1).all() and (other.weights == 2).all()
    assert counts == {"rows": 36, "labels": 72} and not torch.equal(truth(one), truth(other))


def test_a_name_that_is_nothing_is_refused(rows: Split, other_rows: Split, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'decor'; allowed: .*soup, room, toy/train"):
        train(train_config(concept_weights={"decor": 0.5}), rows, other_rows, tmp_path, "cpu")


# -- labels that are made wrong ------------------------------------------------------------------------------------


def truth(rows: TrainingRows) -> torch.Tensor:
    return rows.targets.argmax(-1)


@pytest.mark.parametrize(("share", "count"), [(0.0, 0), (0.4, 14), (1.0, 36)])
def test_every_known_concept_of_a_share_of_the_texts_is_wrong(share: float, count: int) -> None:
    rows = TrainingRows.of(toy_split(4), "shares")
    rows.known[:, 1][::3] = False
    made, counts = corrupted(rows, TOY, share, seed=0)
    changed = truth(made) != truth(rows)
    hit = changed[:, 0]  # the soup is known of every text
    assert int(hit.sum()) == counts["rows"] == count
    assert torch.equal(changed, hit.unsqueeze(1) & rows.known) and counts["labels"] == int(changed.sum())
    assert torch.equal(made.targets.sort(-1).values, rows.targets.sort(-1).values)  # as soft as they were
    assert torch.equal(made.labels, rows.labels) and torch.equal(made.known, rows.known) and made.texts == rows.texts


def test_more_noise_is_the_same_noise_and_more() -> None:
    rows = TrainingRows.of(toy_split(4), "majority")
    some, more, other = (truth(corrupted(rows, TOY, share, seed)[0]) for share, seed in ((0.2, 0), (0.6, 0), (0.2, 1)))
    hit = some != truth(rows)
    assert torch.equal(some[hit], more[hit]) and not torch.equal(some, other)


def test_wrong_values_are_drawn_evenly_from_the_concepts_own() -> None:
    """The soup can only be bland or tasty; the room has three values."""
    schema = replace(TOY, concept_values=(("Negative", "Positive"), TOY.values))
    rows = TrainingRows(("a",) * 3000, torch.tensor([[[1.0, 0, 0], [0, 1, 0]]]).expand(3000, 2, 3),
                        torch.ones(3000, 2, dtype=torch.bool), torch.zeros(3000, dtype=torch.int64), torch.ones(3000))
    found = truth(corrupted(rows, schema, 1.0, seed=0)[0])
    assert (found[:, 0] == 2).all()
    assert (found[:, 1] == 0).float().mean().item() == pytest.approx(0.5, abs=0.03) and (found[:, 1] != 1).all()


@pytest.mark.slow
def test_a_run_learns_the_noise_and_says_so(trained: Callable[..., Path], rows: Split) -> None:
    """It is scored on what is true: with every label wrong it is right less often than without noise."""
    settings = {"model": {"kind": "dense"}, "epochs_dense": 12, "concept_targets": "majority"}
    clean, noisy = (load_checkpoint(trained(**settings, concept_noise=noise), "cpu") for noise in (0.0, 1.0))
    notes = noisy.metrics["training"]
    assert notes["concept_noise"] == {"rows": 18, "labels": 35}  # one is not known
    assert notes["sources"] == clean.metrics["training"]["sources"] and notes["config"]["concept_noise"] == 1
    assert "35 concept labels of 18 training texts" in noisy.card and "on purpose" not in clean.card
    assert "concept_noise" not in clean.metrics["training"]
    scores = [sum(one["accuracy"] for one in made.metrics["dev"]["concepts"].values()) for made in (clean, noisy)]
    assert scores[1] < scores[0] - 0.5


@pytest.mark.parametrize("changes", [{"mixup": -0.1}, {"mixup": float("inf")}, {"concept_noise": 1.1},
                                     {"concept_noise": -0.1}, {"concept_weights": {"soup": -1.0}}], ids=str)
def test_settings_that_mean_nothing_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="allowed"):
        train_config(**changes)
