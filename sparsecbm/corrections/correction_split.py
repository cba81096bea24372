"""Corrections as a split to learn from, and which of their texts are held out to see whether learning helped.

A held-out text stays so in every later round: what a model was corrected with before is known by the notes that the
checkpoint keeps, which name texts by their hashes and hold none.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sparsecbm.corrections.label_correction import Agreement, Kept, agreements, standing, text_hash
from sparsecbm.data.split import NO_LABEL, LoadReport, Review, Split, normalised
from sparsecbm.errors import ConfigError
from sparsecbm.schema import ConceptSchema
from sparsecbm.types import LABEL_TARGET

#: What corrections are called among data sets, and the splits of them.
CORRECTIONS, LEARNED, HELD_OUT = "corrections", "learned", "held-out"
#: Digits of a text's hash in the notes of a checkpoint, and of a row's id.
_DIGITS = 16


def correction_split(history: Iterable[Kept], schema: ConceptSchema, source: str | Path) -> Split:
    """A row for each corrected text, which says what was corrected; all else is not annotated.

    The votes of several people are a concept's shares. The answer of most is its value; where as many give another one,
    there is no majority, as in any data set, and the votes alone are kept. DataError when no correction counts.
    """
    fields = dict[str, dict[str, Agreement]]()
    for one in agreements(history):
        fields.setdefault(one.text, {})[one.field] = one
    split_votes = Counter(f"{field} without a majority" for said in fields.values() for field, one in said.items()
                          if _majority(one) is None)
    reviews = [_review(text, said, schema) for text, said in fields.items()]
    report = LoadReport(str(source), CORRECTIONS, len(reviews), len(reviews), {}, dict(sorted(split_votes.items())))
    return Split.from_reviews(reviews, schema, report)


def _review(text: str, said: Mapping[str, Agreement], schema: ConceptSchema) -> Review:
    label = _majority(said[LABEL_TARGET]) if LABEL_TARGET in said else None
    values, shares = list[int](), list[tuple[float, ...]]()
    for concept in schema.concepts:
        votes = said.get(concept)
        most = None if votes is None else _majority(votes)
        values.append(NO_LABEL if most is None else schema.value_index(most, concept))
        own = schema.values_of(concept)
        shares.append(tuple(float(value in own) / len(own) if votes is None
                            else len(votes.votes.get(value, ())) / votes.people for value in schema.values))
    return Review(text_hash(text)[:_DIGITS], text, NO_LABEL if label is None else schema.label_index(label),
                  tuple(values), tuple(shares))


def _majority(one: Agreement) -> str | None:
    """What most people say; None where as many say something else."""
    return one.value if [len(names) for names in one.votes.values()].count(len(one.votes[one.value])) == 1 else None


@dataclass(frozen=True, eq=False)
class Dealt:
    """Corrected texts in two parts; `held_out` is None where no text is. `corrections` and `people` count all of both.

    `share` and `seed` are those by which new texts were dealt.
    """

    learned: Split
    held_out: Split | None
    corrections: int
    people: int
    share: float
    seed: int

    @property
    def texts(self) -> frozenset[str]:
        """All corrected texts, `normalised`."""
        return frozenset(normalised(text) for part in (self.learned, self.held_out) if part for text in part.texts)

    def notes(self) -> dict[str, Any]:
        """Plain JSON values that a checkpoint keeps: the counts, and the hashes of the texts of each part."""
        return {"corrections": self.corrections, "people": self.people, "share": self.share, "seed": self.seed,
                "texts": {name: sorted(map(_key, part.texts)) if part else []
                          for name, part in ((LEARNED, self.learned), (HELD_OUT, self.held_out))}}


def deal(
    history: Collection[Kept], schema: ConceptSchema, source: str | Path, share: float, seed: int,
    before: Mapping[str, Any] | None = None,
) -> Dealt:
    """Hold out a share of the corrected texts, 0 or more and less than 1, drawn at random by the seed.

    Texts that differ in case or blanks alone go together. `before` is what a checkpoint notes of its training: texts
    that were dealt then stay in their part, and only the new ones are dealt. ConfigError for another share or where
    nothing is left to learn from, DataError where no correction counts.
    """
    if not 0 <= share < 1:
        raise ConfigError(f"A share of {share} was to be held out; allowed: 0 or more and less than 1.")
    split, counting = correction_split(history, schema, source), standing(history)
    keys = list(map(_key, split.texts))
    known = dealt_before(before or {})
    new = sorted(set(keys) - known.keys())
    drawn = np.random.default_rng(seed).permutation(len(new))[:math.floor(share * len(new) + 0.5)]
    held = {key for key in keys if known.get(key) == HELD_OUT} | {new[place] for place in drawn}
    parts = {name: [row for row, key in enumerate(keys) if (key in held) == (name == HELD_OUT)]
             for name in (LEARNED, HELD_OUT)}
    if not parts[LEARNED]:
        raise ConfigError(f"All {len(keys)} corrected {schema.documents} of {source} are held out, so nothing could be "
                          "learned; allowed: some that are not. Correct more of them, or hold out none.")
    learned, held_out = (split.select(rows, {}, name) if rows else None for name, rows in parts.items())
    assert learned is not None
    return Dealt(learned, held_out, len(counting), len({one.who for one in counting}), share, seed)


def dealt_before(training: Mapping[str, Any]) -> dict[str, str]:
    """The part of every text that was dealt for a checkpoint or those it went on from, by the key of the text.

    `training` is what its metrics say of its training. A text that any of them learned from is learned.
    """
    found, notes = dict[str, str](), training
    while notes:
        for part, keys in notes.get(CORRECTIONS, {}).get("texts", {}).items():
            for key in keys:
                found[key] = LEARNED if LEARNED in (part, found.get(key)) else part
        notes = notes.get("before", {})
    return found


def parts_after(split: Split, *trainings: Mapping[str, Any]) -> dict[str, Split]:
    """Corrected texts by part, for models that were trained so: none is held out that one of them learned from.

    Texts that none of them has seen are held out, too. A part without a text is left out.
    """
    every = [dealt_before(training) for training in trainings]
    learned = [any(one.get(_key(text)) == LEARNED for one in every) for text in split.texts]
    rows = {HELD_OUT: [row for row, was in enumerate(learned) if not was],
            LEARNED: [row for row, was in enumerate(learned) if was]}
    return {name: split.select(some, {}, name) for name, some in rows.items() if some}


def replayed(split: Split, corrected: Collection[str], rows: int, seed: int) -> Split:
    """At most so many rows of a split, drawn at random, none of whose texts is among these `normalised` ones."""
    others = split.without(corrected, "corrected since")
    drawn = sorted(others.draw(rows, seed).tolist())
    left = len(others) - len(drawn)
    return others.select(drawn, {"not drawn for replay": left}, split.name) if left else others


def _key(text: str) -> str:
    return text_hash(normalised(text))[:_DIGITS]
