"""A split as a value: columns, arrays, and a hash of its content."""

import subprocess
import sys
from pathlib import Path

import numpy as np

from sparsecbm.data import LoadReport, Review, Split, load_split
from sparsecbm.schema import CEBAB
from tests.data.releases import raw, toy_rows, write

ROOT = Path(__file__).parents[2]


def test_columns_and_arrays_agree(tmp_path: Path) -> None:
    split = load_split("cebab", write(tmp_path, "dev", toy_rows()), "dev")
    assert split.dataset.column_names == ["id", "text", "label", "concepts", "shares"]
    assert len(split) == len(split.dataset) == len(split.texts) == 4
    assert split.dataset[2]["concepts"] == split.concepts[2].tolist()
    np.testing.assert_array_equal(split.dataset[2]["shares"], split.shares[2])
    assert split.labels.dtype == split.concepts.dtype == np.int64


def test_the_hash_is_the_same_in_another_process(tmp_path: Path) -> None:
    split = load_split("cebab", write(tmp_path, "dev", toy_rows()), "dev")
    program = f"from sparsecbm.data import load_split; print(load_split('cebab', {str(tmp_path)!r}, 'dev').data_hash)"
    other = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=True,
                           env={"PATH": "", "PYTHONHASHSEED": "7", "HOME": str(tmp_path)}, encoding="utf-8")
    assert other.stdout.strip() == split.data_hash
    assert len(split.data_hash) == 64


def test_the_hash_sees_every_column(tmp_path: Path) -> None:
    for changes in [
        {"description": "Another text."},
        {"review_majority": "5"},
        {"food_aspect_majority": "unknown"},
        {"food_aspect_label_distribution": {"Positive": 5}},
        {"id": "000009_000000"},
    ]:
        before = load_split("cebab", write(tmp_path / "a", "dev", [raw(1), raw(2)]), "dev")
        after = load_split("cebab", write(tmp_path / "b", "dev", [raw(1), raw(2, **changes)]), "dev")
        assert before.data_hash != after.data_hash


def test_the_hash_is_of_content_alone(tmp_path: Path) -> None:
    here = load_split("cebab", write(tmp_path / "a", "dev", [raw(1), raw(2)]), "dev")
    there = load_split("cebab", write(tmp_path / "b", "test", [raw(1), raw(2, opentable_metadata=None)]), "test")
    swapped = load_split("cebab", write(tmp_path / "c", "dev", [raw(2), raw(1)]), "dev")
    assert here.data_hash == there.data_hash != swapped.data_hash


SHARES = ((1.0, 0.0, 0.0),) * 4


def made(texts: list[str]) -> Split:
    reviews = [Review("a", text, 0, (0, -1, 1, 2), SHARES) for text in texts]
    return Split.from_reviews(reviews, CEBAB, LoadReport("made here", "dev", len(texts), len(texts), {}, {}))


def test_a_larger_sample_begins_with_the_smaller_and_repeats_nothing() -> None:
    split = made([str(number) for number in range(50)])

    def drawn(size: int, seed: int = 3) -> list[str]:
        return [split.texts[row] for row in split.draw(size, seed)]

    few, many, all_ = map(drawn, (5, 20, 99))
    assert many[:5] == few and sorted(all_) == sorted(split.texts) and few != split.texts[:5]
    assert few != drawn(5, 4) == ["16", "28", "48", "49", "11"], "published figures are of the rows that a seed draws"


def test_a_split_can_be_made_of_reviews() -> None:
    split = made(["Cold soup."])
    assert (split.name, split.labels.tolist(), split.concepts.tolist()) == ("dev", [0], [[0, -1, 1, 2]])
    assert split.shares.shape == (1, 4, 3)
