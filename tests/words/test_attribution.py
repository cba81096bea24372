"""Word attributions on small random networks: right against finite differences, in bounds, and without a trace."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from sparsecbm.errors import Cancelled, InputError
from sparsecbm.model.network import MaskedWeights, SparseCBM
from sparsecbm.types import Attribution, Target
from sparsecbm.words import compute as attribution
from sparsecbm.words.compute import attribute
from sparsecbm.words.methods import METHODS
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
    made = explain(model, target, weights=weights, method="gradient-x-input")
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


@pytest.mark.parametrize("method", METHODS)
def test_only_the_passes_that_a_target_reads_are_run(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model, read = tiny_model(), set()
    weights = model.masked_weights(random_masks(model))
    name = next(iter(weights.stacks))
    passes = {weights.stacks[name][k].data_ptr(): k for k in range(3)}
    monkeypatch.setattr(model, "run_passes", lambda every, *parts, run=model.run_passes: read.update(
        passes[own[name].data_ptr()] for own in every) or run(every, *parts))
    for target, expected in ((TARGETS[1], {1}), (TARGETS[0], {0}), (TARGETS[2], {0, 1, 2})):
        read.clear()
        explain(model, target, weights=weights, method=method, steps=2 if METHODS[method].steps else None)
        assert read == expected
    read.clear()
    explain(model, TARGETS[2], weights=weights, residual=False)
    assert read == {0, 1}


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
    """Those methods close the gap that promise to, and integrated gradients the more steps they take."""
    for target in TARGETS:
        gaps = {method: explain(tiny_model(), target, method=method).relative_gap for method in METHODS}
        assert gaps["gradient-x-input"] > 0.01 < gaps["occlusion"]
        assert gaps["integrated-gradients"] < 0.01 and gaps["shapley"] < 1e-4
        assert explain(tiny_model(), target, steps=2).relative_gap > gaps["integrated-gradients"]


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_occlusion_is_what_is_lost_without_a_word(target: Target) -> None:
    model, encoder = tiny_model(), tiny_encoder()
    weights = weights_of(model)
    made = explain(model, target, weights=weights, method="occlusion")
    ids, (_, token_words) = encoder.encode([TEXT]).input_ids, encoder.words(TEXT)
    function, embedded = logit(model, target, weights), model.embed(ids)
    pad = model.embed(torch.tensor([[vocabulary()["[PAD]"]]]))
    for index, score in enumerate(made.scores):
        own = torch.tensor([word == index for word in token_words]).view(1, -1, 1)
        assert score == pytest.approx(function(embedded) - function(torch.where(own, pad, embedded)), abs=1e-4)


def test_several_targets_are_explained_in_their_order() -> None:
    model = tiny_model()
    together = attribute(model, tiny_encoder(), weights_of(model), TEXT, TARGETS)
    assert [made.target for made in together] == list(TARGETS)
    for made, target in zip(together, TARGETS, strict=True):
        np.testing.assert_allclose(made.scores, explain(model, target).scores, atol=1e-6)
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


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("text", "words"), [
    ("soup", ["soup"]), ("\u00a7 \u00b6", ["\u00a7", "\u00b6"]), ("\ufffd", ["\ufffd"]),
], ids=["one word", "unknown", "unseen"])
def test_the_shortest_texts_are_explained_by_every_method(text: str, words: list[str], method: str) -> None:
    """One word carries everything, and two unknown words are the same word to the model but not on the screen."""
    made = explain(tiny_model(), TARGETS[2], text, method=method)
    assert [word.text for word in made.words] == words
    assert np.isfinite(made.scores).all() and len(made.scores) == len(made.words)
    if text == "soup" and method != "gradient-x-input":
        assert made.scores[0] == pytest.approx(made.difference, rel=1e-2)


def test_a_text_of_which_the_model_sees_nothing_has_no_scores() -> None:
    made = explain(tiny_model(), TARGETS[0], HOSTILE["only replacement characters"])
    assert [word.unread for word in made.words] == ["unseen"]
    assert not made.scores.any() and made.difference == made.completeness_gap == 0


@pytest.mark.parametrize("method", METHODS)
def test_a_word_that_the_model_does_not_see_scores_nothing_and_changes_no_other_score(method: str) -> None:
    plain, with_it = (explain(tiny_model(), TARGETS[2], text, method=method)
                      for text in ("soup was", "soup \ufffd was"))
    assert [word.text for word in with_it.words] == ["soup", "\ufffd", "was"] and with_it.scores[1] == 0
    if method != "shapley":  # whose random orders depend on the number of words
        np.testing.assert_allclose(with_it.scores[[0, 2]], plain.scores, atol=1e-6)


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
            patch.setattr(model.backbone.encoder.layer[1].output.LayerNorm, "forward", fail)
            explain(model, target, weights=weights)
        np.testing.assert_array_equal(explain(model, target, weights=weights).scores, expected.scores)
    assert all(torch.equal(stack, stacks[name]) for name, stack in weights.stacks.items())


# -- bounds --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_what_runs_together_is_bounded_and_how_it_is_cut_changes_nothing(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, tokens = tiny_model(), []
    whole = explain(model, TARGETS[2], method=method)
    length = tiny_encoder().encode([TEXT]).input_ids.shape[1]
    monkeypatch.setattr(model, "run_passes", lambda own, embedded, mask, run=model.run_passes: tokens.append(
        embedded.shape[:2].numel()) or run(own, embedded, mask))
    for fitting in (3, 6, 22):  # three passes at a time
        monkeypatch.setattr(attribution, "BATCH_TOKENS", fitting * length)
        tokens.clear()
        np.testing.assert_allclose(explain(model, TARGETS[2], method=method).scores, whole.scores, atol=1e-5)
        assert max(tokens) <= fitting * length


def test_a_request_that_is_too_large_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eleven tokens, three passes, 32 steps, and a gradient counts three times."""
    monkeypatch.setattr(attribution, "MOST_TOKENS", 3 * 32 * 11)
    with pytest.raises(InputError, match=r"would run 3,168 tokens .*allowed: 1,056. Use fewer steps than 32, fewer"):
        explain(tiny_model(), TARGETS[2])
    explain(tiny_model(), TARGETS[0])


@pytest.mark.parametrize("method", METHODS)
def test_progress_goes_from_nothing_to_nearly_all(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attribution, "BATCH_TOKENS", 1)
    shares: list[float] = []
    explain(tiny_model(), TARGETS[2], method=method, progress=shares.append)
    assert shares == sorted(shares) and shares[0] == 0 and 0.5 < shares[-1] <= 1 and len(shares) >= 3


@pytest.mark.parametrize("method", METHODS)
def test_a_person_can_stop_it(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attribution, "BATCH_TOKENS", 1)
    model, shares = tiny_model(), []
    masks = random_masks(model)

    def stop(share: float) -> None:
        shares.append(share)
        if len(shares) == 2:
            raise Cancelled("Stopped.")

    with untouched(model, masks), pytest.raises(Cancelled):
        explain(model, TARGETS[2], weights=model.masked_weights(masks), method=method, progress=stop)
    assert len(shares) == 2
