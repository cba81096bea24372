"""What an edit did, in one line, written when it is made."""

from sparsecbm.edits.edit import Edit, Override
from sparsecbm.edits.rule import Rule, setting_in_words
from sparsecbm.schema import ConceptSchema
from sparsecbm.types import Prediction


def describe(
    edit: Edit | Rule, schema: ConceptSchema, before: Prediction | None = None, active: int | None = None
) -> str:
    """Such as "service set to Negative (was Positive 0.81)".

    `before` is what was on screen until then, and `active` the number of weights that the revised pass used; what is
    not given is not said.
    """
    if isinstance(edit, Rule):
        return edit.in_words(schema)
    if isinstance(edit, Override):
        if edit.distribution is None:
            return f"{edit.concept} given back to the model"
        was = "" if before is None else f" (was {_reading(before, edit.concept)})"
        return f"{edit.concept} set to {setting_in_words(edit, schema)}{was}"
    dropped, grown = edit.change.dropped_count, edit.change.grown_count
    what = f"{dropped:,} weights exchanged" if dropped == grown else f"{dropped:,} weights dropped, {grown:,} grown"
    of = "its weights" if active is None else f"{active:,}"
    return f"{edit.concept} revised towards {edit.value}: {what} ({_percent(edit.portion)} of {of})"


def _reading(prediction: Prediction, concept: str) -> str:
    probability = float(prediction.concept_probabilities[prediction.schema.concept_index(concept)].max())
    return f"{prediction.value(concept)} {probability:.2f}"


def _percent(share: float) -> str:
    return "less than 0.1 %" if 0 < share < 0.0005 else f"{100 * share:.1f} %"
