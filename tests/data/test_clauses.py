"""The clauses are many, varied and apart from the samples, and join into well-formed reviews with exact concepts."""

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from sparsecbm.data import clauses as module
from sparsecbm.data.clauses import Clause, join_clauses, load_clauses, read_clauses
from sparsecbm.data.samples import load_samples
from sparsecbm.data.split import NO_LABEL, Split
from sparsecbm.errors import DataError, InputError
from sparsecbm.schema import CEBAB

KINDS = {"plain", "idiom", "negation", "irony", "understatement", "comparison", "hearsay", "typo", "temporal", "mixed"}

#: One clause of every concept but ambiance, which has two that contradict each other.
TOYS = (
    Clause("the soup was hot", "plain", {"food": "Positive"}),
    Clause("Tom hated the walls", "plain", {"ambiance": "Negative"}),
    Clause("we loved the walls", "plain", {"ambiance": "Positive"}),
    Clause("I saw a waiter", "plain", {"service": "unknown"}),
    Clause("they shouted, but kindly", "mixed", {"noise": "Negative", "service": "Positive"}),
    Clause("who would not return?", "plain", {}),
)


def words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"[\w']+", text.lower()))


def sequences(text: str, length: int) -> set[tuple[str, ...]]:
    """All runs of so many words."""
    found = words(text)
    return {found[start : start + length] for start in range(len(found) - length + 1)}


@pytest.fixture(scope="module")
def split() -> Split:
    return load_clauses(5, 600)


def test_there_are_many_clauses_of_every_concept_value_and_kind() -> None:
    mains = Counter(next(iter(clause.concepts.items()), None) for clause in read_clauses())
    assert all(mains[concept, value] >= 150 for concept in CEBAB.concepts for value in CEBAB.values), mains
    assert mains[None] >= 80
    kinds = Counter(clause.kind for clause in read_clauses())
    assert set(kinds) == KINDS and min(kinds.values()) >= 100
    assert 0.25 <= kinds["plain"] / kinds.total() <= 0.4


def test_the_documents_count_the_clauses_as_they_are() -> None:
    page = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text(encoding="utf-8")
    listed = page.partition("- **Clauses**")[2].partition("\n\n")[0]
    numbers = Counter(int(number.replace(",", "")) for number in re.findall(r"\b\d[\d,]*\d\b", listed))
    mains = Counter(next(iter(clause.concepts.items()), None) for clause in read_clauses())
    least = [min(mains[concept, value] for concept in CEBAB.concepts) for value in CEBAB.values]
    assert numbers == Counter([mains.total(), mains[None], *least, *Counter(c.kind for c in read_clauses()).values()])


def test_clauses_differ_and_are_written_as_in_the_middle_of_a_sentence() -> None:
    found = read_clauses()
    assert len({words(clause.text) for clause in found}) == len(found)
    assert not [clause.text for clause in found if not 2 <= len(words(clause.text)) <= 25]
    capital = {clause.text.split()[0] for clause in found if clause.text[0].isupper()}
    assert capital <= {"I", "I'd", "I'm", "I've", "Joe's"}
    assert not [clause.text for clause in found if re.search(r"[.,;:]$|[.?!] |  | $", clause.text)]


def test_only_mixed_clauses_speak_of_several_concepts() -> None:
    assert all((len(clause.concepts) > 1) == (clause.kind == "mixed") for clause in read_clauses())


def test_clauses_are_apart_from_the_samples() -> None:
    """They share no six words in a row, and neither holds a whole clause, or sentence of three words or more."""
    sentences = {words(sentence) for sample in load_samples() for sentence in re.split(r"[.?!:;]+", sample.text)}
    samples = {run for sample in load_samples() for run in sequences(sample.text, 6)}
    said = " | ".join(" ".join(sentence) for sentence in sorted(sentences))
    for clause in read_clauses():
        assert not samples & sequences(clause.text, 6), clause.text
        assert f" {' '.join(words(clause.text))} " not in f" {said} ", clause.text
        assert not {run for length in range(3, 26) for run in sequences(clause.text, length)} & sentences, clause.text


def test_the_same_seed_gives_the_same_reviews_and_more_rows_begin_alike(split: Split) -> None:
    assert split.data_hash == load_clauses(5, 600).data_hash
    assert load_clauses(5, 50).dataset.to_dict() == split.dataset.select(range(50)).to_dict()
    assert load_clauses(6, 50).texts != split.texts[:50]
    assert split.name == "clauses" and split.schema == CEBAB and len(set(split.dataset["id"])) == 600
    assert join_clauses(TOYS, CEBAB, 0, 100).data_hash == \
        "8f1dd54e4a0ec39d1438b46942e90470220118c9fcf66da3354fd6b0c664d630"


def test_a_review_says_of_each_concept_what_its_clauses_say() -> None:
    split = join_clauses(TOYS, CEBAB, 1, 300)
    for text, values in zip(split.texts, split.concepts, strict=True):
        said = {concept: value for clause in TOYS if clause.text.lower().strip("?") in text.lower()
                for concept, value in clause.concepts.items() if value != "unknown"}
        assert [CEBAB.values[value] for value in values] == [said.get(concept, "unknown") for concept in CEBAB.concepts]
        assert not ("hated" in text.lower() and "loved" in text.lower())
    assert {tuple(row) for row in split.concepts} >= {(1, 1, 1, 1), (2, 0, 1, 1), (2, 2, 2, 0), (1, 0, 2, 0)}
    assert (split.labels == NO_LABEL).all()
    assert (split.shares.argmax(-1) == split.concepts).all() and (split.shares.max(-1) == 1).all()


def test_reviews_are_as_long_and_as_divided_as_described(split: Split) -> None:
    judged = {value: float((split.concepts == n).mean()) for n, value in enumerate(CEBAB.values)}
    assert judged["Negative"] == pytest.approx(judged["Positive"], abs=0.03)
    assert (np.abs((split.concepts != 1).mean(0) - (split.concepts != 1).mean()) < 0.05).all()
    alone = {words(clause.text) for clause in read_clauses()}
    assert np.mean([words(text) in alone for text in split.texts]) == pytest.approx(0.2, abs=0.04)


def test_every_clause_comes_once_before_any_comes_again() -> None:
    clauses = [Clause(f"number {n} came", "plain", {"food": "Positive"}) for n in range(100, 200)]
    numbers = re.findall(r"\d+", " ".join(join_clauses(clauses, CEBAB, 0, 60).texts))
    assert len(set(numbers[:100])) == 100 < len(numbers)


def test_joins_are_well_formed(split: Split) -> None:
    for text in split.texts:
        assert not re.search(r"[,;:?!] ?[,;:.?!]|(?<!\.)\.\.(?!\.)|\.{4}|  | [.,;:?!]|^\W|\s$", text), text
        assert text[-1] in ".?!", text
        if text not in (text.lower(), text.upper()):
            assert text[0].isupper() and not re.search(r"[.?!] [a-z]", text), text
            assert not re.search(r"(;|,|(?i:and|but|yet|though|while)) (The|Our|My|Their|We|They|It|There|You)\b", text)


def test_requests_fragments_and_questions_stand_alone() -> None:
    alone = ("bring a torch", "cold soup", "who cares?", "not nice", "teh soup")
    clauses = [Clause(text, "plain", {}) for text in (*alone, "the room is blue", "we ate")]
    texts = [text for text in join_clauses(clauses, CEBAB, 0, 500).texts if text not in (text.lower(), text.upper())]
    assert any(re.search(r"(, and|;) (the room is blue|we ate)", text) for text in texts)
    for text in texts:
        for clause in alone:
            assert not re.search(rf"(?<![.?!]) {clause[:-1]}", text, re.IGNORECASE), text


def test_what_differs_is_joined_as_a_contrast() -> None:
    clauses = [Clause("the soup was hot", "plain", {"food": "Positive"}),
               Clause("the room was cold", "plain", {"ambiance": "Negative"})]
    texts = [text.lower() for text in join_clauses(clauses, CEBAB, 0, 300).texts if "hot" in text.lower()]
    joined = [text for text in texts if re.search(r"(hot|cold)\W", text) and re.search(r"[,;] ", text)]
    assert joined and all(re.search(r", (but|yet|though|while) |(however|still|again|hand), ", text) for text in joined)


@pytest.mark.parametrize("rows", [0, -1])
def test_no_rows_are_an_error(rows: int) -> None:
    with pytest.raises(InputError, match=f"{rows} reviews"):
        load_clauses(0, rows)


def test_a_clause_that_does_not_fit_the_schema_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "clauses.jsonl"
    content = module.CLAUSES_FILE.read_text(encoding="utf-8")
    file.write_text(content.replace('"concept": "food"', '"concept": "drinks"', 1), encoding="utf-8")
    monkeypatch.setattr(module, "CLAUSES_FILE", file)
    read_clauses.cache_clear()
    try:
        with pytest.raises(DataError, match="line 1"):
            read_clauses()
    finally:
        read_clauses.cache_clear()
