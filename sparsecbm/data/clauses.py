"""Clauses of restaurant reviews written for this project, joined at random into reviews with known concepts.

A clause says what it means for one concept, for several, or for none (a bare verdict, a price), by the rules of the
samples. An `unknown` clause mentions a concept's things without judging them. As in the middle of a sentence, a clause
begins with a small letter unless with a name or "I", and has no full stop.

A review has 1 to 5 clauses (20, 30, 25, 15 and 10 %). Each speaks of no concept in 10 % of the draws, else of one drawn
evenly, which it judges badly in 40 %, well in 40 % and not at all in 20 %; what would contradict the review so far is
left out of the draw. Every clause of a concept and value comes once before any comes again. So a concept's value is
exactly the one that was said, and `unknown` where none was.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import TypeVar

from sparsecbm.data.split import NO_LABEL, LoadReport, Review, Split, certain
from sparsecbm.errors import DataError, InputError
from sparsecbm.schema import CEBAB, ConceptSchema

_Drawn = TypeVar("_Drawn")

CLAUSES_FILE = Path(__file__).with_name("clauses.jsonl")

_LENGTHS = {1: 0.2, 2: 0.3, 3: 0.25, 4: 0.15, 5: 0.1}
_NO_CONCEPT = 0.1
_UNJUDGED = "unknown"
_VALUES = {"Negative": 0.4, _UNJUDGED: 0.2, "Positive": 0.4}

#: What stands between two clauses of one sentence, by whether their judgements agree, differ, or are not both there.
_JOINS = {
    "agree": (", and ", ", and ", " and ", "; ", ", plus "),
    "differ": (", but ", ", but ", ", yet ", ", though ", ", while "),
    "apart": (", and ", ", and ", "; "),
}
#: What a sentence begins with that follows another one.
_OPENERS = {
    "agree": ("", "", "", "", "Also, ", "Besides, ", "And ", "On top of that, "),
    "differ": ("", "", "But ", "However, ", "Still, ", "Then again, ", "On the other hand, "),
    "apart": ("", "", "", "", "", "Oh, and ", "By the way, "),
}
_ENDS = {".": 0.84, "!": 0.1, "...": 0.06}
_STYLES = {"as written": 0.92, "small letters": 0.07, "capitals": 0.01}

#: Only what has its subject in front follows another clause or an opener; requests and fragments stand alone.
_SUBJECT = re.compile(r"(the|this|our|my|their|we|I|he|she|they|it|you|there|everything|everyone|nobody)\b"
                      r"(?! (best|more|longer)\b)")
_WHOLE = re.compile(r"[;:?!]")
_MOST_WORDS = 24  # in a sentence of two clauses; an opener and a further clause never meet in one
_SHARE_JOINED = 0.55


@dataclass(frozen=True)
class Clause:
    """A clause, how it says what it says, and the value of each concept that it speaks of, the main one first."""

    text: str
    kind: str
    concepts: Mapping[str, str]

    @property
    def judgement(self) -> str | None:
        """The value it gives to all that it judges; None where it gives none or several."""
        found = set(self.concepts.values()) - {_UNJUDGED}
        return found.pop() if len(found) == 1 else None


@cache
def read_clauses(schema: ConceptSchema = CEBAB) -> tuple[Clause, ...]:
    """The clauses in their order; DataError when one names a concept or value that the schema does not know."""
    clauses = []
    for number, line in enumerate(CLAUSES_FILE.read_text(encoding="utf-8").splitlines(), start=1):
        row = json.loads(line)
        concepts = {row["concept"]: row["value"], **row.get("further", {})} if row["concept"] is not None else {}
        if not set(concepts) <= set(schema.concepts) or not set(concepts.values()) <= set(schema.values):
            raise DataError(f"{CLAUSES_FILE.name}, line {number}, does not speak of {schema.name}: {concepts}; give "
                            f"some of {', '.join(schema.concepts)} one of {', '.join(schema.values)} each.")
        clauses.append(Clause(row["text"], row["kind"], concepts))
    return tuple(clauses)


def load_clauses(seed: int, rows: int) -> Split:
    """`rows` reviews made of the clauses, without a rating; InputError when that is not a positive number.

    The same seed gives the same reviews, and more rows begin with the fewer ones.
    """
    return join_clauses(read_clauses(), CEBAB, seed, rows)


def join_clauses(clauses: Sequence[Clause], schema: ConceptSchema, seed: int, rows: int) -> Split:
    """As `load_clauses`, of other clauses."""
    if rows < 1:
        raise InputError(f"{rows} reviews cannot be made of clauses; allowed: 1 or more.")
    random, decks = Random(seed), _Decks(clauses, schema)
    reviews = []
    for number in range(1, rows + 1):
        drawn = decks.draw(random)
        said = _said(drawn)
        values = tuple(schema.value_index(said.get(concept, _UNJUDGED)) for concept in schema.concepts)
        votes = tuple(certain(value, len(schema.values)) for value in values)
        reviews.append(Review(f"clauses-{seed}-{number:05d}", _joined(drawn, random), NO_LABEL, values, votes))
    report = LoadReport("the clauses that ship with the project", "clauses", rows, rows, {}, {})
    return Split.from_reviews(reviews, schema, report)


class _Decks:
    """A pile of clauses for each concept and value, shuffled anew when it is used up."""

    def __init__(self, clauses: Sequence[Clause], schema: ConceptSchema) -> None:
        self._all: dict[tuple[str, str] | None, list[Clause]] = defaultdict(list)
        for clause in clauses:
            self._all[next(iter(clause.concepts.items()), None)].append(clause)
        self._left: dict[tuple[str, str] | None, list[Clause]] = {pair: [] for pair in self._all}
        self._weights = {pair: _NO_CONCEPT if pair is None else
                         (1 - _NO_CONCEPT) / len(schema.concepts) * _VALUES[pair[1]] for pair in self._all}

    def draw(self, random: Random) -> list[Clause]:
        """The clauses of one review, in their order."""
        drawn: list[Clause] = []
        for _ in range(_one(_LENGTHS, random)):
            said = _said(drawn)
            pairs = {pair: weight for pair, weight in self._weights.items() if pair is None or _agree(said, [pair])}
            pair = _one(pairs, random)
            if not self._left[pair]:
                self._left[pair] = random.sample(self._all[pair], len(self._all[pair]))
            left = self._left[pair]
            fitting = (n for n, clause in enumerate(left)
                       if clause not in drawn and _agree(said, clause.concepts.items()))
            if (place := next(fitting, None)) is not None:
                drawn.append(left.pop(place))
        return drawn


def _said(clauses: Iterable[Clause]) -> dict[str, str]:
    """The values that clauses give to the concepts that they judge."""
    return {concept: value for clause in clauses for concept, value in clause.concepts.items() if value != _UNJUDGED}


def _agree(said: Mapping[str, str], more: Iterable[tuple[str, str]]) -> bool:
    return all(value in (_UNJUDGED, said.get(concept, value)) for concept, value in more)


def _one(weights: Mapping[_Drawn, float], random: Random) -> _Drawn:
    return random.choices(list(weights), list(weights.values()))[0]


def _joined(clauses: Sequence[Clause], random: Random) -> str:
    """The clauses as one text of whole sentences."""
    text, full, used = _capital(clauses[0].text), False, {""}
    for before, after in pairwise(clauses):
        relation = _relation(before, after)
        glues = [glue for glue in _JOINS[relation] if _may_join(before.text, after.text, glue)]
        if glues and not full and random.random() < _SHARE_JOINED:
            text, full = text + random.choice(glues) + after.text, True
        else:
            opener = random.choice(_OPENERS[relation]) if _SUBJECT.match(after.text) else ""
            fresh = opener not in used and not re.search(rf"\b{opener.lower().strip(', ')}\b", after.text)
            begun = opener + after.text if fresh else _capital(after.text)
            text, full, used = f"{text}{_end(before, random)} {begun}", fresh, used | {opener}
    text += _end(clauses[-1], random)
    style = _one(_STYLES, random)
    return {"small letters": text.lower(), "capitals": text.upper()}.get(style, text)


def _relation(before: Clause, after: Clause) -> str:
    if before.judgement is None or after.judgement is None:
        return "apart"
    return "agree" if before.judgement == after.judgement else "differ"


def _may_join(before: str, after: str, glue: str) -> bool:
    """Whether `after` may follow in the same sentence: it has a subject, and the glue is not doubled."""
    if _WHOLE.search(before + after) or not _SUBJECT.match(after) or len(f"{before} {after}".split()) > _MOST_WORDS:
        return False
    word = glue.strip(" ,;")
    if glue == " and ":
        return not re.search(r",|\band\b", before + after)
    return word in ("", "and") or not re.search(rf"\b(al)?{word}\b", f"{before} {after}")


def _end(clause: Clause, random: Random) -> str:
    return "" if clause.text[-1] in "?!" else _one(_ENDS, random)


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
