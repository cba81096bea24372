"""Smart tags: what may make a document hard, computed for every row. A tag that cannot be computed says why.

A tag is no verdict: the model may well be right on a tagged row. Only counts can say whether a tag goes with errors.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from jaxtyping import Bool, Int

from sparsecbm.data.reviews import Reviews
from sparsecbm.familiarity.unlike import UNLIKE_FROM
from sparsecbm.schema import ConceptSchema
from sparsecbm.types import Predictions


class Tag(StrEnum):
    """Only `FIXABLE` uses the gold label; it is never on a row whose label is right."""

    LOW_MARGIN = "low-margin"
    FIXABLE = "fixable"
    LONG = "long"
    TRUNCATED = "truncated"
    UNLIKE = "unlike-training"
    RARE = "rare-combination"
    RATERS_LABEL = "raters-disagree"
    RATERS_CONCEPT = "raters-disagree-concept"


_NAMES = {Tag.LOW_MARGIN: "low margin", Tag.FIXABLE: "fixable by one concept", Tag.LONG: "long",
          Tag.TRUNCATED: "truncated", Tag.UNLIKE: "unlike the training texts", Tag.RARE: "rare combination",
          Tag.RATERS_LABEL: "raters disagree on the {label}", Tag.RATERS_CONCEPT: "raters disagree on a concept"}

#: Below this lead of the best label over the second, in probability, a small change of the text may flip the label.
LOW_MARGIN = 0.1
#: The share of a source's reviews that are not called long. Sources differ tenfold, so there is no one length.
NOT_LONG = 0.9
#: A combination of concept values is rare when the model predicts it for no larger share of the rows.
RARE_SHARE = 0.01
#: With fewer rows, every combination would be rare, or none.
LEAST_FOR_RARE = 100
#: No more than this share of the raters chose the majority: two or more of five raters chose something else.
DISAGREEING = 0.6


def tag_name(tag: Tag, schema: ConceptSchema) -> str:
    """A tag as people say it, e.g. "raters disagree on the rating"."""
    return _NAMES[tag].format(label=schema.label_title)


@dataclass(frozen=True, eq=False)
class Tags:
    """`held` says which rows have each tag, and `meaning` when, with the threshold in force.

    `missing` has the tags that cannot be computed for this source and model, and why; they are in no other field.
    """

    held: Mapping[Tag, Bool[np.ndarray, " row"]]
    meaning: Mapping[Tag, str]
    missing: Mapping[Tag, str]


def word_counts(texts: tuple[str, ...]) -> Int[np.ndarray, " row"]:
    """Words between blanks."""
    return np.array([len(text.split()) for text in texts], dtype=np.int64)


def smart_tags(
    reviews: Reviews, predictions: Predictions, words: Int[np.ndarray, " row"],
    fixable: Bool[np.ndarray, "row concept"] | None,
) -> Tags:
    """Every tag that can be computed. `fixable` is None where a label does not follow from concepts' probabilities."""
    held: dict[Tag, Bool[np.ndarray, " row"]] = {}
    meaning, missing, title = dict[Tag, str](), dict[Tag, str](), reviews.schema.label_title

    held[Tag.LOW_MARGIN] = np.asarray(predictions.margins < LOW_MARGIN)
    meaning[Tag.LOW_MARGIN] = (f"The most probable {title} is less than {100 * LOW_MARGIN:g} points of probability "
                               "ahead of the second.")

    if fixable is None:
        missing[Tag.FIXABLE] = f"The loaded model's {title} does not follow from its concepts' probabilities."
    elif not reviews.has_labels:
        missing[Tag.FIXABLE] = f"No {title} of this source is labelled."
    else:
        held[Tag.FIXABLE] = np.asarray(fixable.any(1))
        meaning[Tag.FIXABLE] = f"The {title} is wrong, and setting one concept to some value would make it right."

    most = int(np.quantile(words, NOT_LONG, method="higher")) if len(words) else 0
    held[Tag.LONG] = np.asarray(words > most)
    meaning[Tag.LONG] = f"More than {most} words; {100 * NOT_LONG:g} % of this source's texts have no more."

    held[Tag.TRUNCATED] = predictions.truncated
    meaning[Tag.TRUNCATED] = "The text is longer than the model's limit; its end was cut off."

    if predictions.unlike is None:
        missing[Tag.UNLIKE] = "The loaded checkpoint was not measured for it."
    else:
        held[Tag.UNLIKE] = np.asarray(predictions.unlike > UNLIKE_FROM)
        meaning[Tag.UNLIKE] = (f"More than {100 * UNLIKE_FROM:g} % of the held-out texts that the model was checked on "
                               "are more like the training texts.")

    if len(reviews) < LEAST_FOR_RARE:
        missing[Tag.RARE] = (f"The source has {len(reviews)} texts; with fewer than {LEAST_FOR_RARE} nothing can be "
                             "called rare.")
    else:
        _, place, count = np.unique(predictions.values, axis=0, return_inverse=True, return_counts=True)
        held[Tag.RARE] = np.asarray(count[place] <= RARE_SHARE * len(reviews))
        meaning[Tag.RARE] = ("The model predicts these values of all concepts together in no more than "
                             f"{100 * RARE_SHARE:g} % of this source's texts.")

    for tag, first, last, on in ((Tag.RATERS_LABEL, 0, 1, f"the {title}"),
                                 (Tag.RATERS_CONCEPT, 1, None, "a concept")):
        votes = None if reviews.agreement is None else reviews.agreement[:, first:last]
        if votes is None or np.isnan(votes).all():
            missing[tag] = f"The source has no raters' votes on {on}."
        else:
            held[tag] = np.asarray((votes <= DISAGREEING + 1e-9).any(1))  # never of nan, where nobody was asked
            meaning[tag] = f"No more than {100 * DISAGREEING:g} % of the raters chose the majority, on {on}."
    return Tags(held, meaning, missing)
