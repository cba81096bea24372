"""Corrections in both kinds of database: written once, never changed, undone by an entry of their own."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from sparsecbm.corrections.compute_store import CorrectionStore, Mark
from sparsecbm.corrections.label_correction import Kept, Undo, schema_hash, standing, text_hash
from sparsecbm.errors import InputError
from sparsecbm.schema import CEBAB
from tests.corrections.toys import TEXT, a_correction
from tests.helpers import TOY

HASH = schema_hash(TOY)


def test_a_correction_comes_back_as_it_was_written_and_once(store: CorrectionStore) -> None:
    hostile = a_correction(1, text="=1+1 <b>\u202e🍜\r\n" * 3000, who="<img>")
    assert store.add(a_correction(), hostile) == 2
    assert store.add(hostile, a_correction(at=a_correction(9).at)) == 0  # a press that came twice
    assert store.history() == (Kept(a_correction()), Kept(hostile))
    assert store.history(HASH, hostile.text) == (Kept(hostile),)
    assert store.history("another") == store.history(HASH, "another") == ()


def test_an_id_with_another_content_is_refused_and_nothing_of_the_call_is_written(store: CorrectionStore) -> None:
    store.add(a_correction())
    for others in ([a_correction(2), a_correction(new="unknown")], [a_correction(3), a_correction(3, "unknown")]):
        with pytest.raises(InputError, match="another content"):
            store.add(*others)
    assert store.history() == (Kept(a_correction()),)


def test_an_undo_stays_beside_what_it_undoes(store: CorrectionStore, url: str) -> None:
    store.add(a_correction(), a_correction(1, "unknown"))
    assert store.undo(f" {a_correction(1).id}\n", " Bo ") and not store.undo(a_correction(1).id, "Cy")
    first, later = store.history()
    assert first.undo is None and later.undo is not None and later.undo.who == "Bo"
    assert standing(store.history()) == (a_correction(),)
    with CorrectionStore.open(url) as other:
        assert other.history() == (first, later)
    with pytest.raises(InputError, match="no correction 'nope'"):
        store.undo("nope", "Ada")
    with pytest.raises(InputError, match="name"):
        store.undo(a_correction().id, " ")


def test_a_history_is_taken_in_once_and_its_later_undos_too(store: CorrectionStore) -> None:
    early = [Kept(a_correction(number)) for number in range(1200)]  # more than one query names
    late = [replace(kept, undo=Undo(kept.correction.id, "Bo", a_correction(9999).at)) for kept in early[:2]]
    assert store.add_history(early) == (1200, 0)
    assert store.add_history(early[:10]) == (0, 0)
    assert store.add_history([*late, *early[2:], *late]) == (0, 2) and store.add_history(late) == (0, 0)
    assert store.history()[:3] == (*late, early[2])


def test_marks_name_what_counts_of_a_schema(store: CorrectionStore) -> None:
    store.add(a_correction(), a_correction(1, "unknown"), a_correction(2, who="Bo"), a_correction(3, field="room"),
              a_correction(4, schema=schema_hash(CEBAB)))
    store.undo(a_correction(3).id, "Ada")
    assert store.marks(HASH) == {Mark(text_hash(TEXT), "soup", "Ada"), Mark(text_hash(TEXT), "soup", "Bo")}


def test_many_threads_and_two_stores_write_each_correction_and_undo_once(store: CorrectionStore, url: str) -> None:
    with CorrectionStore.open(url) as second, ThreadPoolExecutor(6) as together:

        def write(writer: int) -> int:
            one = (store, second)[writer % 2]
            return sum(one.add(a_correction(number)) + one.undo(a_correction(number).id, "Ada") for number in range(8))

        assert sum(together.map(write, range(6))) == 16
    assert [kept.correction for kept in store.history()] != [] and len(store.history()) == 8
    assert all(kept.undo for kept in store.history())
