"""Word attributions against a linear model done by hand and against finite differences."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from sparsecbm.errors import InputError
from sparsecbm.explain.attribution import attribute
from sparsecbm.model import network
from sparsecbm.model.network import MaskedWeights, SparseCBM
from sparsecbm.types import Attribution, Target
from tests.helpers import (
    ARCHITECTURES,
    HOSTILE,
    changed_mask,
    random_masks,
    tiny_encoder,
    tiny_model,
    untouched,
    vocabulary,
)

TEXT = "The soup was zesty!"
TARGETS = (Target("soup", "Positive"), Target("room", "Negative"), Target(None, "good"))


def weights_of(model: SparseCBM) -> MaskedWeights | None:
    return model.masked_weights(random_masks(model)) if model.config.kind == "sparse" else None


def explain(model: SparseCBM, target: Target, text: str = TEXT, weights: Any = "own", **options: Any) -> Attribution:
    own = weights_of(model) if isinstance(weights, str) else weights
    return attribute(model, tiny_encoder(), own, text, [target], **options)[0]


# -- a linear model ------------------------------------------------------------------------------------------------


def linear(monkeypatch: pytest.MonkeyPatch, **config: Any) -> SparseCBM:
    """A model whose passes are the mean of the word embeddings, so that every logit is linear in them.

    Only the first dimension is used: 0 for most tokens, 3 for "tasty", 1 for "soup", 1/4 for every piece of another
    word, 9 for special tokens and 1/2 for padding. The logits of soup=Positive and of the residual for "good" read it
    sixfold.
    """
    model = tiny_model(kind="dense", bottleneck="logits", **config)
    for name in ("concept_weight", "concept_bias", "residual_weight", "residual_bias", "label_weight", "label_bias"):
        getattr(model, name).zero_()
    model.concept_weight[0, 2, 0] = model.residual_weight[2, 0] = 6.0
    model.label_weight[0, 2, 2] = 2.0
    table = model.backbone.get_input_embeddings().weight
    table.zero_()
    index = vocabulary()
    for token, number in index.items():
        table[number, 0] = 0.25 if token.startswith("##") else 0.0
    for token, value in {"tasty": 3.0, "soup": 1.0, "[PAD]": 0.5, "[CLS]": 9.0, "[SEP]": 9.0, "z": 0.25}.items():
        table[index[token], 0] = value
    monkeypatch.setattr(model, "run_pass", lambda _, embedded, mask: (embedded * mask.unsqueeze(-1)).sum(1)
                        / mask.sum(1, keepdim=True))
    return model


def test_a_linear_model_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """[CLS] the soup was tasty [SEP]: six tokens, so a word scores 6/6 (x - 1/2), and nothing is left over."""
    made = explain(linear(monkeypatch), Target("soup", "Positive"), "The soup was tasty")
    assert [word.text for word in made.words] == ["The", "soup", "was", "tasty"]
    np.testing.assert_allclose(made.scores, [-0.5, 0.5, -0.5, 2.5], atol=1e-6)
    assert made.difference == pytest.approx(2.0, abs=1e-5)
    assert made.completeness_gap == pytest.approx(0, abs=1e-5)
    assert (made.target, made.method) == (Target("soup", "Positive"), "gradient-x-input")


def test_pieces_are_summed_into_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """[CLS] soup z ##e ##s ##t ##y [SEP]: eight tokens; each piece adds 6/8 (1/4 - 1/2)."""
    made = explain(linear(monkeypatch), Target("soup", "Positive"), "soup zesty")
    np.testing.assert_allclose(made.scores, [0.75 * 0.5, 5 * 0.75 * -0.25], atol=1e-6)
    assert made.completeness_gap == pytest.approx(0, abs=1e-5)


def test_a_concept_that_reads_nothing_has_no_words(monkeypatch: pytest.MonkeyPatch) -> None:
    made = explain(linear(monkeypatch), Target("room", "Positive"), "The soup was tasty")
    assert not made.scores.any() and made.difference == 0


def test_a_label_gathers_its_concepts_and_the_residual(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice the concept's logit plus the residual, which can be left out."""
    model = linear(monkeypatch)
    whole = explain(model, Target(None, "good"), "The soup was tasty")
    concepts = explain(model, Target(None, "good"), "The soup was tasty", residual=False)
    np.testing.assert_allclose(whole.scores, 3 * np.array([-0.5, 0.5, -0.5, 2.5]), atol=1e-5)
    np.testing.assert_allclose(concepts.scores, 2 * np.array([-0.5, 0.5, -0.5, 2.5]), atol=1e-5)
    assert whole.completeness_gap == pytest.approx(0, abs=1e-4)


# -- the network ---------------------------------------------------------------------------------------------------


def logit(model: SparseCBM, target: Target, weights: MaskedWeights | None) -> Callable[[torch.Tensor], float]:
    """The target's logit of embeddings, in double precision, by the plain forward pass."""
    def function(embedded: torch.Tensor) -> float:
        pooled = model.pool_embeddings(embedded, torch.ones(embedded.shape[:2], dtype=torch.int64), weights)
        concepts = model.concept_logits(pooled)
        if target.concept is not None:
            return float(concepts[0, model.config.schema.concept_index(target.concept),
                                  model.config.schema.value_index(target.name)])
        ledger = model.label(model.bottleneck(concepts), model.residual_logits(pooled))
        return float(ledger.logits[0, model.config.schema.label_index(target.name)])
    return function


@pytest.mark.parametrize("target", TARGETS, ids=str)
@pytest.mark.parametrize("kind", ["sparse", "dense", "black_box"])
def test_scores_are_directional_derivatives(kind: str, target: Target) -> None:
    """A word's score is the slope of the logit on the way from padding to the word, by finite differences."""
    model = tiny_model(kind=kind)
    weights, encoder = weights_of(model), tiny_encoder()
    made = explain(model, target, weights=weights)
    double = model.double()
    stacks = None if weights is None else MaskedWeights({n: s.double() for n, s in weights.stacks.items()})
    ids, (_, token_words) = encoder.encode([TEXT]).input_ids, encoder.words(TEXT)
    embedded, function = double.embed(ids), logit(double, target, stacks)
    pad = double.embed(torch.tensor([[vocabulary()["[PAD]"]]]))
    for index, score in enumerate(made.scores):
        own = torch.tensor([word == index for word in token_words]).view(1, -1, 1)
        way = (embedded - pad) * own * 1e-5
        slope = (function(embedded + way) - function(embedded - way)) / 2e-5
        assert score == pytest.approx(slope, rel=1e-3, abs=1e-4)
    special = torch.tensor([word is None for word in token_words]).view(1, -1, 1)
    whole = function(embedded) - function(torch.where(special, embedded, pad))
    assert made.difference == pytest.approx(whole, abs=1e-4)
    assert made.completeness_gap == pytest.approx(abs(made.scores.sum() - made.difference), abs=1e-5)


def test_a_concept_runs_its_own_pass_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once for the gradient, once for the text and once for the baseline; a label runs all three passes each time."""
    monkeypatch.setattr(network, "VMAP_TOKENS", 0)
    model, runs = tiny_model(), []
    monkeypatch.setattr(model, "run_pass", lambda *parts, run=model.run_pass: runs.append(1) or run(*parts))
    explain(model, Target("room", "Positive"))
    assert len(runs) == 3
    explain(model, Target(None, "good"))
    assert len(runs) == 3 + 9


@pytest.mark.parametrize("k", range(2))
def test_a_concept_is_explained_through_its_own_mask(k: int) -> None:
    model = tiny_model()
    weights = model.masked_weights(random_masks(model))
    before = explain(model, TARGETS[k], weights=weights)
    for other in range(3):
        stacks = {name: stack.clone() for name, stack in weights.stacks.items()}
        for stack in stacks.values():
            stack[other] = stack[other].flip(-1)
        after = explain(model, TARGETS[k], weights=MaskedWeights(stacks))
        assert np.array_equal(after.scores, before.scores) == (other != k)


def test_every_pass_reaches_the_labels_words() -> None:
    """The residual's only as long as it is not left out."""
    model = tiny_model()
    masks, target = random_masks(model), Target(None, "good")
    for residual in (True, False):
        before = explain(model, target, weights=model.masked_weights(masks), residual=residual).scores
        moved = [np.abs(explain(model, target, weights=model.masked_weights(changed_mask(masks, k)), residual=residual
                                ).scores - before).max() > 1e-6 for k in range(3)]
        assert moved == [True, True, residual]


def test_a_network_is_not_linear_and_the_gap_says_so() -> None:
    assert all(explain(tiny_model(), target).completeness_gap > 1e-3 for target in TARGETS)


def test_several_targets_are_explained_in_their_order() -> None:
    model = tiny_model()
    together = attribute(model, tiny_encoder(), weights_of(model), TEXT, TARGETS)
    assert [made.target for made in together] == list(TARGETS)
    for made, target in zip(together, TARGETS, strict=True):
        np.testing.assert_array_equal(made.scores, explain(model, target).scores)
    assert attribute(model, tiny_encoder(), weights_of(model), TEXT, []) == ()


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_every_architecture_is_explained(kind: str) -> None:
    for target in TARGETS:
        made = explain(tiny_model(kind), target)
        assert len(made.scores) == len(made.words) == 5
        assert np.isfinite(made.scores).all() and made.scores.any()


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_explained(text: str) -> None:
    made = explain(tiny_model(), TARGETS[0], text)
    assert len(made.scores) == len(made.words) and np.isfinite(made.scores).all()


def test_a_text_without_words_has_nothing_to_score() -> None:
    made = explain(tiny_model(), TARGETS[0], HOSTILE["only control characters"])
    assert made.words == () and made.scores.shape == (0,) and made.difference == made.completeness_gap == 0


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(InputError, match="Unknown method 'guess'; allowed: gradient-x-input"):
        explain(tiny_model(), TARGETS[0], method="guess")


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_explaining_leaves_the_model_as_it_was(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny_model()
    masks = random_masks(model)
    weights = model.masked_weights(masks)
    stacks = {name: stack.clone() for name, stack in weights.stacks.items()}
    expected = explain(model, target, weights=weights)

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("in the middle")

    with untouched(model, masks):
        with monkeypatch.context() as patch, pytest.raises(RuntimeError, match="in the middle"):
            patch.setattr(model.backbone.encoder.layer[1].output, "forward", fail)
            explain(model, target, weights=weights)
        np.testing.assert_array_equal(explain(model, target, weights=weights).scores, expected.scores)
    assert all(torch.equal(stack, stacks[name]) for name, stack in weights.stacks.items())
