"""The sample reviews are complete, varied, and only offered for the concepts they were written for."""

import re
from collections import Counter
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest

from sparsecbm.data import samples
from sparsecbm.data.samples import load_samples, sample_split
from sparsecbm.errors import DataError
from sparsecbm.schema import CEBAB

KINDS = {
    "against the rating", "before and now", "but", "comparison", "condition", "double negation", "emoji", "expectation",
    "foreign words", "hearsay", "irony", "long way round", "mixed", "negation", "no aspect", "noise only", "numbers",
    "one aspect", "plain complaint", "plain praise", "price", "question", "quotes", "slang", "terse", "typos",
    "understatement",
}


def words(text: str) -> list[str]:
    return re.findall(r"[\w']+", text.lower())


def said(sample: samples.Sample) -> dict[str, str]:
    """The concepts that a sample speaks of."""
    return {concept: value for concept, value in sample.concepts.items() if value != "unknown"}


def test_there_are_many_samples_of_every_known_kind() -> None:
    kinds = Counter(sample.kind for sample in load_samples())
    assert set(kinds) == KINDS and min(kinds.values()) >= 6 and kinds.total() >= 172


def test_every_answer_comes_often() -> None:
    found = load_samples()
    labels = Counter(sample.label for sample in found)
    assert all(labels[label] >= 20 for label in CEBAB.labels), labels
    for concept in CEBAB.concepts:
        values = Counter(sample.concepts[concept] for sample in found)
        assert all(values[value] >= 20 for value in CEBAB.values), (concept, values)


def test_samples_are_numbered_in_their_order() -> None:
    assert [sample.id for sample in load_samples()] == [f"sample-{n:02d}" for n in range(1, len(load_samples()) + 1)]


def test_no_sample_repeats_another() -> None:
    """No five words in a row come twice, and no two samples share a third of their words."""
    found = {sample.id: words(sample.text) for sample in load_samples()}
    phrases = Counter(phrase for text in found.values()
                      for phrase in {tuple(text[i : i + 5]) for i in range(len(text) - 4)} | {tuple(text)})
    assert [phrase for phrase, times in phrases.items() if times > 1] == []
    alike = {(one, other) for (one, a), (other, b) in combinations(found.items(), 2)
             if 3 * len({*a} & {*b}) > len({*a} | {*b})}
    assert alike == set()


def test_a_kind_is_what_its_name_says() -> None:
    """As far as it can be counted."""
    of = {kind: [sample for sample in load_samples() if sample.kind == kind] for kind in KINDS}
    assert all(said(sample) == {} for sample in of["no aspect"])
    assert all(said(sample).keys() == {"noise"} for sample in of["noise only"])
    one = Counter(pair for sample in of["one aspect"] for pair in said(sample).items())
    assert all(len(said(sample)) == 1 for sample in of["one aspect"])
    assert set(one) == {(concept, value) for concept in CEBAB.concepts for value in ("Negative", "Positive")}
    assert all(len(words(sample.text)) <= 6 for sample in of["terse"])
    assert sum(60 <= len(words(sample.text)) <= 120 and len(said(sample)) > 1 for sample in of["long way round"]) >= 6
    assert all(re.search(r"\bbut\b", sample.text) for sample in of["but"])
    assert all("?" in sample.text for sample in of["question"])
    assert all(re.search(r"\d", sample.text) for sample in of["numbers"])
    assert all(any(ord(sign) > 0x2600 for sign in sample.text) for sample in of["emoji"])
    assert all({*said(sample).values()} == {"Negative", "Positive"} for sample in of["mixed"])


def test_other_concepts_have_no_samples() -> None:
    assert load_samples(replace(CEBAB, name="other")) == ()


def test_a_sample_that_does_not_fit_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "samples.jsonl"
    content = samples.SAMPLES_FILE.read_text(encoding="utf-8")
    file.write_text(content.replace('"label": "5"', '"label": "6"', 1), encoding="utf-8")
    monkeypatch.setattr(samples, "SAMPLES_FILE", file)
    load_samples.cache_clear()
    try:
        with pytest.raises(DataError, match="sample-01"):
            load_samples()
    finally:
        load_samples.cache_clear()


def test_the_samples_are_a_split_like_any_other() -> None:
    samples, split = load_samples(), sample_split()
    assert split.texts == [sample.text for sample in samples] and split.name == "samples"
    assert split.dataset["id"] == [sample.id for sample in samples]
    assert [CEBAB.labels[label] for label in split.labels] == [sample.label for sample in samples]
    for row, sample in enumerate(samples):
        meant = {concept: CEBAB.values[split.concepts[row, k]] for k, concept in enumerate(CEBAB.concepts)}
        assert meant == dict(sample.concepts)
    assert (split.shares.argmax(-1) == split.concepts).all() and (split.shares.max(-1) == 1).all()
    assert split.report.read == split.report.kept == len(split)
    with pytest.raises(DataError, match="other; allowed: cebab"):
        sample_split(replace(CEBAB, name="other"))
