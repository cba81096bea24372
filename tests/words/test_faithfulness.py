"""Curves of removal against a model done by hand, and against texts with the words really left out."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sparsecbm.errors import Cancelled, InputError
from sparsecbm.model.encoding import Encoder
from sparsecbm.model.network import MaskedWeights, SparseCBM
from sparsecbm.model.prediction import predict
from sparsecbm.service import Explainer
from sparsecbm.types import Target
from sparsecbm.words import compute_removal as removal
from sparsecbm.words.compute import attribute
from sparsecbm.words.compute_faithfulness import TENTHS, faithfulness, random_ranks, removed
from sparsecbm.words.compute_removal import WordRemoval
from tests.helpers import HOSTILE, random_masks, tiny_checkpoint_of, tiny_encoder, tiny_model, vocabulary, word_pieces
from tests.words.toys import GOOD, SOUP, TEXT, curves, linear, scored, sparse

TARGETS = (SOUP, Target("room", "Negative", "Positive"), GOOD, Target(None, "good", "bad"))


# -- by hand -------------------------------------------------------------------------------------------------------


def mild(monkeypatch: pytest.MonkeyPatch) -> SparseCBM:
    """The linear model with weaker heads and nothing in special tokens; "!" counts 2.

    The logit of soup=Positive is the sum over words (tasty 3, soup 1) divided by the number of tokens, all others are
    0; that of the label "good" is twice the concept's, plus half of it from the residual.
    """
    model = linear(monkeypatch)
    model.concept_weight[0, 2, 0], model.residual_weight[2, 0] = 1.0, 0.5
    table, index = model.backbone.get_input_embeddings().weight, vocabulary()
    table[index["[CLS]"], 0] = table[index["[SEP]"], 0] = 0.0
    table[index["!"], 0] = 2.0
    return model


def third(*logits: float) -> np.ndarray:
    """Probability of a value when its logit is this and the two others' are 0."""
    return np.exp(logits) / (2 + np.exp(logits))


def test_shares_of_words_are_rounded_and_never_none() -> None:
    assert removed(4).tolist() == [1, 1, 1, 2, 2, 2, 3, 3, 4, 4]
    assert removed(5).tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert removed(30).tolist() == [3 * tenth for tenth in range(1, 11)]
    assert removed(1).tolist() == [1] * 10


def test_deletion_closes_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """[CLS] the soup was tasty [SEP]: 4/6; without "tasty" 1/5, then nothing; "tasty" alone 3/3, with "soup" 4/4..."""
    review = WordRemoval(mild(monkeypatch), tiny_encoder(), None, TEXT)
    made = faithfulness(review, scored(review, [-0.5, 0.5, -0.5, 2.5]))
    assert made.probability == pytest.approx(third(4 / 6)[0])
    np.testing.assert_allclose(made.fractions, TENTHS / 10)
    np.testing.assert_allclose(made.without_top, third(*[1 / 5] * 3, *[0] * 7), atol=1e-6)
    np.testing.assert_allclose(made.only_top, third(*[1] * 6, *[4 / 5] * 2, *[4 / 6] * 2), atol=1e-6)
    assert made.comprehensiveness == pytest.approx(third(4 / 6)[0] - third(*[1 / 5] * 3, *[0] * 7).mean())
    assert (made.target, made.method, made.removal) == (SOUP, "by hand", "deletion")


def test_replacement_keeps_the_places(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a mask token padding, 1/2, stands in; a mask token, here "!", counts 2."""
    model, encoder = mild(monkeypatch), tiny_encoder()
    review = WordRemoval(model, encoder, None, TEXT)
    made = faithfulness(review, scored(review, [1, 3, 2, 4]), "replacement")
    np.testing.assert_allclose(made.without_top, third(*[1.5 / 6] * 3, *[1 / 6] * 3, *[1.5 / 6] * 2, *[2 / 6] * 2),
                               atol=1e-6)
    np.testing.assert_allclose(made.only_top, third(*[4.5 / 6] * 3, *[5 / 6] * 3, *[4.5 / 6] * 2, *[4 / 6] * 2),
                               atol=1e-6)
    tokenizer = word_pieces()
    tokenizer.mask_token = "!"
    masked = WordRemoval(model, Encoder(tokenizer, 64), None, TEXT)
    np.testing.assert_allclose(faithfulness(masked, scored(masked, [1, 3, 2, 4]), "replacement").without_top[0],
                               third(3 / 6)[0], atol=1e-6)


def test_the_best_words_go_first_and_equal_ones_from_left_to_right(monkeypatch: pytest.MonkeyPatch) -> None:
    """Turned round, the same scores lose nothing at first; and "tasty" goes first or last as it stands."""
    model, encoder = mild(monkeypatch), tiny_encoder()
    review = WordRemoval(model, encoder, None, TEXT)
    right, wrong = (faithfulness(review, scored(review, sign * np.array([-0.5, 0.5, -0.4, 2.5]))) for sign in (1, -1))
    assert right.comprehensiveness > right.random_comprehensiveness.mean() > wrong.comprehensiveness
    assert right.sufficiency < right.random_sufficiency.mean() < wrong.sufficiency
    for text, first in (("tasty was the soup", 1 / 5), ("soup was the tasty", 3 / 5)):
        other = WordRemoval(model, encoder, None, text)
        assert faithfulness(other, scored(other, np.zeros(4))).without_top[0] == pytest.approx(third(first)[0])


def test_a_label_is_read_with_or_without_the_residual(monkeypatch: pytest.MonkeyPatch) -> None:
    review = WordRemoval(mild(monkeypatch), tiny_encoder(), None, TEXT)
    asked = scored(review, [-0.5, 0.5, -0.5, 2.5], GOOD)
    for residual, slope in ((True, 2.5), (False, 2.0)):
        made = faithfulness(review, asked, residual=residual)
        assert made.probability == pytest.approx(third(slope * 4 / 6)[0])
        np.testing.assert_allclose(made.without_top[:3], third(slope / 5)[0], atol=1e-6)
    against = faithfulness(review, replace(asked, target=Target(None, "bad", "good")))
    assert against.probability == pytest.approx((1 - 3 * third(2.5 * 4 / 6)[0]) / 2)


# -- against texts with the words left out -------------------------------------------------------------------------


def read(model: SparseCBM, weights: MaskedWeights | None, text: str, target: Target, residual: bool = True) -> float:
    """The target's probability of a text, by the plain way from text to prediction."""
    made = predict(model, tiny_encoder(), weights, text, "")
    index, against = target.indices(model.config.schema)
    if target.concept is not None:
        shares = made.concept_probabilities[model.config.schema.concept_index(target.concept)]
    else:
        logits = made.label_logits.astype(np.float64) - (0 if residual else made.residual)
        shares = np.exp(logits) / np.exp(logits).sum()
    return float(shares[index] - (0 if against is None else shares[against]))


@pytest.mark.parametrize("target", TARGETS, ids=str)
@pytest.mark.parametrize(("kind", "residual"), [("sparse", True), ("sparse", False), ("dense", True)])
def test_the_curves_are_predictions_of_the_shorter_texts(kind: str, residual: bool, target: Target) -> None:
    model = tiny_model(kind=kind)
    weights = model.masked_weights(random_masks(model)) if kind == "sparse" else None
    text = "The soup was bland but zesty we stayed"
    review = WordRemoval(model, tiny_encoder(), weights, text)
    scores = np.random.default_rng(3).normal(size=8)
    made = faithfulness(review, scored(review, scores, target), residual=residual)

    def left(kept: Any) -> float:
        words = (word.text for word, stays in zip(review.words, kept, strict=True) if stays)
        return read(model, weights, " ".join(words), target, residual)

    place = np.argsort(np.argsort(-scores))
    for column, count in enumerate(removed(8)[:-2]):  # the last two leave nothing, which is no text
        assert made.without_top[column] == pytest.approx(left(place >= count), abs=1e-5)
        assert made.only_top[column] == pytest.approx(left(place < count), abs=1e-5)
        for order, ranks in enumerate(random_ranks(8, 5)):
            assert made.random_without[order, column] == pytest.approx(left(ranks >= count), abs=1e-5)
            assert made.random_only[order, column] == pytest.approx(left(ranks < count), abs=1e-5)
    assert made.probability == pytest.approx(left(np.ones(8)), abs=1e-5) == pytest.approx(made.only_top[-1], abs=1e-5)


@pytest.mark.parametrize("how", removal.REMOVALS)
@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_tau_is_one_for_leave_one_out_itself(target: Target, how: str) -> None:
    """By logits: the scores are the losses, whatever their size; turned round, tau is -1."""
    model, weights = sparse()
    review = WordRemoval(model, tiny_encoder(), weights, "The soup was bland but zesty we stayed")
    kept = np.vstack([np.ones(8), 1 - np.eye(8)]).astype(bool)
    logits = review.logits(target, kept, how)
    index, against = target.indices(review.schema)
    moved = logits[:, index] - (0 if against is None else logits[:, against])
    losses = moved[0] - moved[1:]
    for scores, tau in ((losses, 1), (np.sign(losses) * losses**2, 1), (-losses, -1)):
        assert faithfulness(review, scored(review, scores, target), how).loo_tau == pytest.approx(tau)


def test_tau_is_undefined_where_nothing_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    review = WordRemoval(linear(monkeypatch), tiny_encoder(), None, TEXT)
    assert faithfulness(review, scored(review, np.ones(4))).loo_tau is None
    assert faithfulness(review, scored(review, [1, 2, 3, 4], Target("room", "Positive"))).loo_tau is None
    single = WordRemoval(linear(monkeypatch), tiny_encoder(), None, "tasty")
    assert faithfulness(single, scored(single, [1.0])).loo_tau is None


def test_methods_meet_the_same_random_orders() -> None:
    model, weights = sparse()
    results = [faithfulness(WordRemoval(model, tiny_encoder(), weights, TEXT), made)
               for method in ("occlusion", "gradient-x-input")
               for made in attribute(model, tiny_encoder(), weights, TEXT, [GOOD], method)]
    one, other = results
    np.testing.assert_allclose(one.random_without, other.random_without, atol=1e-6)
    np.testing.assert_allclose(one.random_only, other.random_only, atol=1e-6)
    ranks = random_ranks(12, 5)
    assert all(sorted(row) == list(range(12)) for row in ranks.tolist()) and len(np.unique(ranks, axis=0)) == 5
    assert (ranks == random_ranks(12, 5)).all() and (ranks[:2] == random_ranks(12, 2)).all()


# -- the ends of the scale -----------------------------------------------------------------------------------------


def test_a_text_of_which_the_model_sees_nothing_has_flat_curves() -> None:
    model, weights = sparse()
    review = WordRemoval(model, tiny_encoder(), weights, HOSTILE["only replacement characters"])
    assert [word.unread for word in review.words] == ["unseen"]
    made = faithfulness(review, scored(review, [0.0]))
    assert (curves(made) == made.probability).all() and made.loo_tau is None
    assert made.comprehensiveness == made.sufficiency == 0 and not made.random_comprehensiveness.any()


@pytest.mark.parametrize("text", [text for name, text in HOSTILE.items() if name != "only replacement characters"])
def test_unusual_texts(text: str) -> None:
    model, weights = sparse()
    review = WordRemoval(model, tiny_encoder(), weights, text)
    made = faithfulness(review, attribute(model, tiny_encoder(), weights, text, [SOUP], "gradient-x-input")[0])
    assert np.isfinite(curves(made)).all() and made.only_top[-1] == pytest.approx(made.probability, abs=1e-5)


@pytest.mark.parametrize(("change", "options", "parts"), [
    ({}, {"removal": "burning"}, ["'burning'", "deletion, replacement"]),
    ({}, {"orders": 0}, ["0 random orders", "1 or more"]),
    ({"words": ()}, {}, ["0 words", "this one has"]),
    ({"target": Target("soup", "Great")}, {}, ["'Great'", "Negative, unknown, Positive"]),
])
def test_wrong_requests(change: dict[str, Any], options: dict[str, Any], parts: list[str]) -> None:
    review = WordRemoval(*(tiny_model(kind="dense"), tiny_encoder(), None, TEXT))
    with pytest.raises(InputError) as error:
        faithfulness(review, replace(scored(review, [1, 2, 3, 4]), **change), **options)
    assert [part for part in parts if part not in str(error.value)] == []


# -- through the one door ------------------------------------------------------------------------------------------


def test_the_explainer_keeps_what_it_measured(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    explainer = Explainer(tiny_checkpoint_of(tmp_path))
    one, other = (explainer.explain(TEXT, [GOOD], method=method).attributions[0]
                  for method in ("gradient-x-input", "occlusion"))
    busy = []  # others get their turn meanwhile
    made = explainer.faithfulness(one, TEXT, progress=lambda _: busy.append(explainer.predict(TEXT).label))
    assert busy
    review = WordRemoval(explainer._model, explainer._encoder, explainer._weights, TEXT)
    np.testing.assert_allclose(curves(made), curves(faithfulness(review, one)), atol=1e-6)
    with pytest.raises(Cancelled):
        explainer.faithfulness(one, TEXT, removal="replacement", progress=_cancel)
    assert explainer.faithfulness(one, TEXT, removal="replacement").removal == "replacement"
    monkeypatch.setattr(explainer._model, "run_passes", lambda *_: pytest.fail("it ran again"))
    assert explainer.faithfulness(one, TEXT) is made
    np.testing.assert_array_equal(explainer.faithfulness(other, TEXT).random_without, made.random_without)


def _cancel(_: float) -> None:
    raise Cancelled("Stopped.")
