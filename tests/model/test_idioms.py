"""The idioms that measure a checkpoint are balanced, and apart from the clauses that may have trained it."""

from collections import Counter

from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from sparsecbm.data.clauses import read_clauses
from sparsecbm.schema import CEBAB
from tests.data.test_clauses import sequences
from tests.model.idioms import read_idioms


def test_each_concept_has_as_many_good_idioms_as_bad_ones() -> None:
    counts = Counter((idiom.concept, idiom.value) for idiom in read_idioms() if "have been kinder" not in idiom.text)
    assert counts == {(concept, value): 5 for concept in CEBAB.concepts for value in ("Negative", "Positive")}
    assert len({idiom.text for idiom in read_idioms()}) == counts.total() + 1


def test_idioms_share_no_four_words_with_a_clause_unless_they_say_nothing_by_themselves() -> None:
    taught = {words for clause in read_clauses() for words in sequences(clause.text, 4)}
    shared = {words for idiom in read_idioms() for words in sequences(idiom.text, 4) & taught}
    assert {words for words in shared if not set(words) <= ENGLISH_STOP_WORDS} == set()
