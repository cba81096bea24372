"""Rules applied to single predictions and to many at once, with the same results."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch

from sparsecbm.concepts.compute_override import override
from sparsecbm.errors import InputError
from sparsecbm.model.network import SparseCBM
from sparsecbm.model.prediction import predict
from sparsecbm.revision.compute_rules import PassOutputs, apply_rules, check_rule, predictions_after_rules, rule_applies
from sparsecbm.revision.edit import Override
from sparsecbm.revision.rule import LabelIs, Rule, TextSays, Unsure, ValueIs
from sparsecbm.types import Prediction
from tests.evaluation.toys import SOUP_AND_SEATS, toy_model
from tests.helpers import TOY, random_masks, tiny_encoder, tiny_model, toy_split
from tests.revision.toys import always, set_to

POSITIVE, NEGATIVE = (0.0, 0.0, 1.0), (1.0, 0.0, 0.0)


def predicted(model: SparseCBM, text: str) -> Prediction:
    return predict(model, tiny_encoder(), model.masked_weights(random_masks(model)), text, "hash")


def answers_of(*rows: tuple[int, int, Sequence[float]]) -> PassOutputs:
    """Soup and seats, each said as good as surely, and a residual."""
    logits = np.array([[50 * np.eye(3)[soup], 50 * np.eye(3)[seats]] for soup, seats, _ in rows], dtype=np.float32)
    return PassOutputs(logits, np.array([residual for *_, residual in rows], dtype=np.float32))


# -- many at once, by hand -----------------------------------------------------------------------------------------

#: A label's logit is 2 for each concept that has its value, plus the residual; both unknown and a push of 1 to "bad".
FOUR = answers_of((1, 1, (1, 0, 0)), (1, 1, (0, 0, 0)), (2, 2, (0, 0, 0)), (0, 1, (0, 0, 0.5)))
TEXTS = ("we waited", "we waited", "we waited", "all well")
WAITED = Rule((ValueIs("soup", "unknown"), TextSays("waited")), (set_to("soup", "Negative"),))


def test_a_rule_sets_the_concept_where_it_applies_and_nowhere_else() -> None:
    """Row 0: bad 2 + 1, fair 2; row 1: bad 2, fair 2, the first of a tie wins; the others stay as they were."""
    model = toy_model()
    before, none = predictions_after_rules(model, FOUR, TEXTS)
    after, matched = predictions_after_rules(model, FOUR, TEXTS, [WAITED])
    assert none == () and [rows.tolist() for rows in matched] == [[0, 1]]
    assert before.labels.tolist() == [1, 1, 2, 0] and after.labels.tolist() == [0, 0, 2, 0]
    assert before.values.tolist() == [[1, 1], [1, 1], [2, 2], [0, 1]]
    assert after.values.tolist() == [[0, 1], [0, 1], [2, 2], [0, 1]]


def test_without_the_residual_a_rule_acts_on_the_concepts_alone() -> None:
    """Row 3: bad 2, fair 2, good 0.5 with the residual; set to Positive, good is ahead only with it."""
    model, rule = toy_model(), Rule((TextSays("all well"),), (set_to("soup", "Positive"),))
    assert predictions_after_rules(model, FOUR, TEXTS, [rule])[0].labels[3] == 2
    assert predictions_after_rules(model, FOUR, TEXTS, [rule], residual=False)[0].labels[3] == 1


def test_a_condition_on_the_label_counts_the_residual_even_where_it_is_left_out() -> None:
    """Bad 2, fair 2 + 3: fair with the residual, and bad without, the first of a tie. Soup set to unknown: fair 4."""
    answers, rule = answers_of((0, 1, (0, 3, 0))), Rule((LabelIs("fair"),), (set_to("soup", "unknown"),))
    for residual, label in ((True, 1), (False, 0)):
        before, _ = predictions_after_rules(toy_model(), answers, ["x"], residual=residual)
        after, matched = predictions_after_rules(toy_model(), answers, ["x"], [rule], residual)
        assert [rows.tolist() for rows in matched] == [[0]]
        assert before.labels.tolist() == [label] and after.values.tolist() == [[1, 1]] and after.labels.tolist() == [1]


def test_rules_test_the_prediction_and_not_each_other() -> None:
    """The second rule does not see the soup that the first has set; where both set a concept, the later one does."""
    chained = Rule((ValueIs("soup", "Negative"),), (set_to("seats", "Negative"),))
    after, matched = predictions_after_rules(toy_model(), FOUR, TEXTS, [WAITED, chained])
    assert [rows.tolist() for rows in matched] == [[0, 1], [3]]
    assert after.values.tolist() == [[0, 1], [0, 1], [2, 2], [0, 0]]
    after, _ = predictions_after_rules(toy_model(), FOUR, TEXTS, [WAITED, always("soup", "Positive")])
    assert after.values[:, 0].tolist() == [2, 2, 2, 2]
    after, _ = predictions_after_rules(toy_model(), FOUR, TEXTS, [always("soup", "Positive"), WAITED])
    assert after.values[:, 0].tolist() == [0, 0, 2, 2]


def test_a_distribution_enters_as_it_is() -> None:
    """Soup at 0.2, 0.3, 0.5 and seats at unknown: bad 0.4, fair 0.6 + 2, good 1."""
    rule = Rule((), (Override("soup", (0.2, 0.3, 0.5)),))
    after, _ = predictions_after_rules(toy_model(), answers_of((0, 1, (0, 0, 0))), ("x",), [rule])
    assert after.concept_probabilities[0, 0].tolist() == pytest.approx([0.2, 0.3, 0.5])
    assert (after.values[0, 0], after.labels[0]) == (2, 1)


@pytest.mark.parametrize("bottleneck", ["probabilities", "logits"])
def test_the_answers_are_only_read(bottleneck: str) -> None:
    copies = FOUR.concept_logits.copy(), FOUR.residual.copy()
    rules = [WAITED, always("seats", "Positive")]
    after, _ = predictions_after_rules(toy_model(bottleneck=bottleneck), FOUR, TEXTS, rules)
    assert after.values.tolist() == [[0, 2], [0, 2], [2, 2], [0, 2]]
    assert np.array_equal(FOUR.concept_logits, copies[0]) and np.array_equal(FOUR.residual, copies[1])


# -- one review ----------------------------------------------------------------------------------------------------


def test_a_rule_on_one_review_is_an_override_where_it_applies() -> None:
    model = tiny_model()
    before = predicted(model, "The soup was tasty.")
    says = Rule((TextSays("tasty"), LabelIs(before.label), ValueIs("room", before.value("room"))),
                (set_to("soup", "Negative"), Override("room", (0.2, 0.3, 0.5))))
    silent = Rule((TextSays("bland"),), (set_to("soup", "Positive"),))
    assert rule_applies(says, before) and not rule_applies(silent, before)
    result = apply_rules(model, before, [says, silent])
    expected = override(model, before, {"soup": NEGATIVE, "room": (0.2, 0.3, 0.5)})
    assert np.array_equal(result.after.label_logits, expected.after.label_logits)
    assert result.overrides == expected.overrides and result.before is before
    untouched = apply_rules(model, before, [silent])
    assert untouched.overrides == {} and np.array_equal(untouched.after.label_logits, before.label_logits)


def test_a_person_wins_over_a_rule() -> None:
    model = tiny_model()
    before = predicted(model, "The soup was tasty.")
    result = apply_rules(model, before, [always("soup", "Negative"), always("room", "Negative")], {"soup": POSITIVE},
                         residual=False)
    assert result.overrides == {"soup": POSITIVE, "room": NEGATIVE} and not result.after.residual.any()


@pytest.mark.parametrize("config", [{}, {"bottleneck": "logits"}, {"residual": False}], ids=str)
def test_many_at_once_are_as_one_by_one(config: dict[str, object]) -> None:
    model, texts = tiny_model(**config), toy_split().texts
    weights = model.masked_weights(random_masks(model))
    singles = [predict(model, tiny_encoder(), weights, text, "hash") for text in texts]
    sure = float(np.median([one.concept_probabilities[0].max() for one in singles]))
    rules = [Rule((Unsure("soup", sure),), (set_to("soup", "Positive"),)),
             Rule((TextSays("warm"),), (set_to("room", "Negative"), Override("soup", (0.2, 0.3, 0.5))))]
    with torch.inference_mode():
        made = [model(tiny_encoder().encode([text]), weights) for text in texts]
    answers = PassOutputs(*(torch.cat(part).numpy() for part in zip(*made, strict=True)))
    many, matched = predictions_after_rules(model, answers, texts, rules)
    after = [apply_rules(model, one, rules).after for one in singles]
    assert many.labels.tolist() == [TOY.label_index(one.label) for one in after]
    np.testing.assert_allclose(many.concept_probabilities, [one.concept_probabilities for one in after], atol=1e-6)
    assert [rows.tolist() for rows in matched] == [
        [row for row, one in enumerate(singles) if rule_applies(rule, one)] for rule in rules]
    assert all(0 < len(rows) < len(texts) for rows in matched)


@pytest.mark.parametrize("rule", [
    Rule((ValueIs("decor", "unknown"),), (set_to("soup", "Negative"),)),
    Rule((), (Override("decor", POSITIVE),)),
    Rule((), (Override("soup", (0.5, 0.5)),)),
    Rule((), (Override("soup", (0.5, 0.4, 0.0)),)),
], ids=str)
def test_a_rule_that_does_not_fit_is_refused(rule: Rule) -> None:
    with pytest.raises(InputError):
        check_rule(rule, TOY)
    with pytest.raises(InputError):
        rule_applies(rule, predicted(tiny_model(), "soup"))
    check_rule(always("seats", "Negative"), SOUP_AND_SEATS)
