"""Every source as reviews of one schema: what is told, what is not, and what could not be used."""

import json
from pathlib import Path

import numpy as np
import pytest

from sparsecbm.data.catalogue import DATASETS
from sparsecbm.data.columns import Columns
from sparsecbm.data.reviews import Reviews, cebab_reviews, sample_reviews, table_reviews
from sparsecbm.data.samples import load_samples
from sparsecbm.data.table_source import open_table
from sparsecbm.errors import DataError
from sparsecbm.schema import CEBAB, IMDB_C
from tests.data.releases import raw, write
from tests.helpers import TOY

TABLE = """id,text,verdict,soup,price,code,day
a,Good soup.,great,Positive,10,007,mon
b,Bad soup.,bad,NEG,7.5,012,
c,What soup?,,,,3,tue
d,Odd soup.,superb,Positive,1,4,tue
"""


def of(folder: Path, content: str, columns: Columns) -> Reviews:
    (folder / "mine.csv").write_text(content, encoding="utf-8")
    return table_reviews("mine.csv", open_table(folder / "mine.csv"), columns, TOY)


def test_a_table_under_a_mapping(tmp_path: Path) -> None:
    """What cannot be mapped is told with its line; other columns are numbers only where all of them are."""
    columns = Columns("text", "id", "verdict", {"soup": "soup"}, {"great": "good"}, {"NEG": "Negative"})
    found = of(tmp_path, TABLE, columns)
    assert found.ids == ("a", "b", "c") and found.texts[2] == "What soup?" and len(found) == 3
    assert found.labels.tolist() == [2, 0, -1] and found.values.tolist() == [[2, -1], [0, -1], [-1, -1]]
    assert found.agreement is None and found.has_labels and found.has_values
    assert [(one.number, one.reason.partition(";")[0]) for one in found.rejects] == [(5, "verdict is 'superb'")]
    assert list(found.columns) == ["price", "code", "day"]
    np.testing.assert_array_equal(found.columns["price"], [10, 7.5, np.nan])
    assert found.columns["code"].tolist() == ["007", "012", "3"]
    assert found.columns["day"].tolist() == ["mon", None, "tue"]


def test_the_digest_is_of_what_was_read(tmp_path: Path) -> None:
    """The same file under the same mapping is the same; another mapping or another cell is not."""
    plain = Columns("text", "id")
    first, again = of(tmp_path, TABLE, plain), of(tmp_path, TABLE, plain)
    assert first.digest == again.digest and len(first) == 4 and not first.has_labels
    mapped = of(tmp_path, TABLE, Columns("text", "id", "verdict", {}, {"great": "good", "superb": "good"}))
    assert len({first.digest, mapped.digest, of(tmp_path, TABLE.replace("mon", "sun"), plain).digest}) == 3


def test_cebab_with_votes_and_restaurants(tmp_path: Path) -> None:
    """Agreement is the share of the majority, nothing where nobody was asked; dropped rows stay out of all columns."""
    folder = write(tmp_path, "dev", [
        raw(1, opentable_metadata={"cuisine": "thai"}, edit_goal=None),
        raw(2, description=" \u200b\u00ad", edit_goal="Positive"),
        raw(3, review_majority="no majority", edit_goal="Negative", review_label_distribution={"4": 2, "5": 2})])
    found = cebab_reviews(folder, "dev", CEBAB)
    assert found.name == "CEBaB dev" and found.ids == ("000001_000000", "000003_000000")
    assert found.labels.tolist() == [3, -1]
    np.testing.assert_allclose(found.agreement, [[0.8, 0.8, np.nan, 1, np.nan], [0.5, 0.8, np.nan, 1, np.nan]])
    assert found.columns["cuisine"].tolist() == ["thai", None]
    assert found.columns["edit_goal"].tolist() == [None, "Negative"]
    assert any("blank text: 1" in line for line in found.notes)


def test_the_samples_with_their_kinds() -> None:
    found, samples = sample_reviews(CEBAB), load_samples(CEBAB)
    assert found.ids == tuple(sample.id for sample in samples) and found.rejects == ()
    assert found.columns["kind"].tolist() == [sample.kind for sample in samples]
    assert [CEBAB.labels[label] for label in found.labels] == [sample.label for sample in samples]


@pytest.mark.parametrize(("read", "said"), [
    (lambda: sample_reviews(IMDB_C), "No sample reviews were written for the concepts of imdb-c"),
    (lambda: cebab_reviews("unread", "dev", IMDB_C), "cebab has the concepts food"),
    (lambda: DATASETS["imdb-c"].reviews("unread", "dev", CEBAB), "imdb-c has the concepts acting, .*Load another"),
])
def test_reviews_of_other_concepts_are_refused(read: object, said: str) -> None:
    assert callable(read)
    with pytest.raises(DataError, match=said):
        read()


def test_nested_cells_and_empty_columns_are_no_columns(tmp_path: Path) -> None:
    rows = [{"text": "Soup.", "list": [1], "none": None, "yes": True, "number": 3, "long": "x" * 300}]
    (tmp_path / "r.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    found = table_reviews("r", open_table(tmp_path / "r.jsonl"), Columns("text"), TOY)
    assert found.columns.to_dict("list") == {"yes": ["yes"], "number": [3.0], "long": ["x" * 200]}
    assert found.ids == ("1",)
