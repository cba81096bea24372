"""The sample reviews are complete, varied, and only offered for the concepts they were written for."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from sparsecbm.data import samples
from sparsecbm.data.samples import load_samples
from sparsecbm.errors import DataError
from sparsecbm.schema import CEBAB


def test_there_are_samples_of_many_kinds_for_every_answer() -> None:
    found = load_samples()
    assert len(found) >= 30 and len({sample.text for sample in found}) == len({s.id for s in found}) == len(found)
    assert {"negation", "irony", "mixed", "hearsay", "typos"} <= {sample.kind for sample in found}
    assert set(Counter(sample.label for sample in found)) == set(CEBAB.labels)
    for concept in CEBAB.concepts:
        assert {sample.concepts[concept] for sample in found} == set(CEBAB.values), concept


def test_other_concepts_have_no_samples() -> None:
    assert load_samples(replace(CEBAB, name="other")) == ()


def test_a_sample_that_does_not_fit_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "samples.jsonl"
    file.write_text(samples.SAMPLES_FILE.read_text().replace('"label": "5"', '"label": "6"', 1))
    monkeypatch.setattr(samples, "SAMPLES_FILE", file)
    load_samples.cache_clear()
    try:
        with pytest.raises(DataError, match="sample-01"):
            load_samples()
    finally:
        load_samples.cache_clear()
