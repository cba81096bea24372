"""Labelling on Failures: what is asked, answered, skipped and undone, on a tiny model and a database of its own."""

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from sparsecbm.corrections.compute_queue import bag_of_words, pool_of, queue
from sparsecbm.corrections.compute_store import CorrectionStore
from sparsecbm.corrections.correction_files import COLUMNS, history_rows, written
from sparsecbm.corrections.label_correction import schema_hash
from sparsecbm.data.samples import load_samples
from sparsecbm.schema import CEBAB
from sparsecbm.ui.loaded_model import CHECKPOINT_VARIABLE, load_explainer
from tests.app.screen import address, fine, open_alone, section

PAGE = "pages/4_Failures.py"
SAMPLES = load_samples(CEBAB)
TEXTS = [sample.text for sample in SAMPLES]


@pytest.fixture(autouse=True)
def _here(tiny_cebab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(tiny_cebab))
    monkeypatch.setenv("SPARSECBM_DATABASE_URL", f"sqlite:///{tmp_path}/studies.sqlite")


@pytest.fixture
def store(tmp_path: Path) -> CorrectionStore:
    return CorrectionStore.open(f"sqlite:///{tmp_path}/studies.sqlite")


def opened(**parts: str | list[str]) -> AppTest:
    at = open_alone(PAGE, section="label", **parts)
    return fine(at.run())


def begun(**parts: str | list[str]) -> AppTest:
    at = opened(**parts)
    at.text_input(key="corrections:queue:who").set_value("Ada")
    return fine(next(button for button in at.button if button.label == "Begin").click().run())


def press(at: AppTest, end: str) -> AppTest:
    """Press the button that a key stands for: a digit, `skip` or `undo`."""
    return fine(button(at, end).click().run())


def button(at: AppTest, end: str) -> Any:
    return next(one for one in at.button if str(one.key).startswith("corrections:queue:") and str(
        one.key).endswith(f":{end}"))


def asked(at: AppTest) -> tuple[str, str]:
    """The text and the field that is asked about."""
    text = next(sample.text for sample in SAMPLES for block in at.get("html")
                if sample.text.replace("&", "&amp;").replace("'", "&#x27;").replace('"', "&quot;") in block.proto.body)
    question = next(line.value for line in at.markdown if " of this " in line.value or " in this " in line.value)
    name = question.split("**")[1]
    return text, "label" if name == CEBAB.label_title else name


def expected(count: int) -> list[tuple[str, str]]:
    """What the queue says of the samples."""
    explainer = load_explainer()
    pool = pool_of(explainer.predict_texts(TEXTS), bag_of_words(TEXTS), explainer.predict(TEXTS[0]).label_bias,
                   explainer.effects())
    return [(TEXTS[one.row], one.field) for one in queue(pool, count)]


def test_texts_come_in_the_order_of_the_queue_and_each_answer_is_kept(store: Any) -> None:
    at, found = begun(), []
    assert address(at) == {"section": ["label"]}
    for _ in range(4):
        found.append(asked(at))
        at = press(at, "1")
    assert found == expected(4)
    kept = [kept.correction for kept in store.history()]
    assert [(one.text, one.field) for one in kept] == found and {one.who for one in kept} == {"Ada"}
    explainer = load_explainer()
    for one in kept:
        prediction = explainer.predict(one.text)
        assert one.old == (prediction.label if one.field == "label" else prediction.value(one.field))
        assert one.new == (CEBAB.labels[0] if one.field == "label" else CEBAB.values[0])
    assert any("4 labels" in line.value for line in at.markdown)
    other = begun()  # another session of hers goes on where this one is
    assert asked(other) == asked(at) == expected(5)[-1]


def test_the_model_is_not_quoted_before_the_answer() -> None:
    at = begun()
    assert not [line.value for line in at.markdown if "redicted" in line.value]
    assert not at.dataframe


def test_skipping_asks_the_next_one_and_undoing_asks_the_same_again(store: Any) -> None:
    at = begun()
    first, second = expected(2)
    assert button(at, "undo").disabled
    at = press(at, "skip")
    assert asked(at) == second and not store.history()
    at = press(at, "2")
    at = press(at, "undo")
    assert asked(at) == second and store.history()[0].undo.who == "Ada"
    at = press(at, "undo")  # of the skipping
    assert asked(at) == first and len(store.history()) == 1 and button(at, "undo").disabled


def test_a_press_that_was_meant_for_the_text_before_answers_nothing(store: Any) -> None:
    at = begun()
    button(at, "1").click()
    states = at._tree.get_widget_states()
    at = at._run(states)
    second = asked(at)
    at = at._run(states)
    assert not at.exception and len(store.history()) == 1 and asked(at) == second


def test_the_filters_say_which_texts_are_asked_and_the_end_is_said(store: Any) -> None:
    few = [sample.id for sample in SAMPLES[:2]]
    at = begun(id=few)
    for _ in range(2 * 5):
        assert asked(at)[0] in TEXTS[:2]
        at = press(at, "2")
    assert any("Nothing is left" in one.value for one in at.success)
    assert len({(kept.correction.text, kept.correction.field) for kept in store.history()}) == 10
    at = press(at, "undo")
    assert asked(at)[0] in TEXTS[:2]


def test_somebody_else_is_asked_too_and_gets_another_text_first(store: Any) -> None:
    at = press(begun(), "1")
    first = store.history()[0].correction
    at = fine(next(one for one in at.button if str(one.key).endswith(":other")).click().run())
    at.text_input(key="corrections:queue:who").set_value("Bo")
    at = fine(next(one for one in at.button if one.label == "Begin").click().run())
    assert button(at, "undo").disabled and asked(at)[0] != first.text
    assert {kept.correction.schema for kept in store.history()} == {schema_hash(CEBAB)}


def test_one_changes_between_finding_and_labelling() -> None:
    at = fine(open_alone(PAGE).run())
    assert not address(at) and any("margin" in frame.value for frame in at.dataframe)
    at = section(at, "label")
    assert address(at) == {"section": ["label"]} and not at.dataframe
    at = section(at, "find")
    assert not address(at) and any("margin" in frame.value for frame in at.dataframe)


def test_what_was_said_is_a_file_that_another_database_takes_in_once(
    store: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = press(press(press(begun(), "1"), "2"), "undo")
    at.session_state["corrections:files"] = True
    at = fine(at.run())
    assert len(at.get("download_button")) == 4
    content = written(history_rows(store.history()), COLUMNS, ".csv")
    monkeypatch.setenv("SPARSECBM_DATABASE_URL", f"sqlite:///{tmp_path}/other.sqlite")
    at = opened()
    at.session_state["corrections:files"] = True
    at = fine(at.run())
    for said in ("2 new, 1 undone", "0 new, 0 undone"):
        at.get("file_uploader")[0].set_value(("mine.csv", content, "text/csv"))
        at = fine(next(one for one in fine(at.run()).button if one.label == "Add what is new").click().run())
        assert any(said in one.value.replace("\\", "") for one in at.success)
    with CorrectionStore.open(f"sqlite:///{tmp_path}/other.sqlite") as other:
        assert other.history() == store.history()
    at.get("file_uploader")[0].set_value(("other.csv", content.replace(schema_hash(CEBAB).encode(), b"0" * 16),
                                          "text/csv"))
    at = next(one for one in fine(at.run()).button if one.label == "Add what is new").click().run()
    said = at.error[0].value.replace("\\", "")
    assert "another schema" in said and "other.csv, line 2" in said and "upload-" not in said


def test_a_name_is_needed_and_a_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at = opened()
    at = next(button for button in at.button if button.label == "Begin").click().run()
    assert "name" in at.error[0].value
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    monkeypatch.setenv("SPARSECBM_DATABASE_URL", f"sqlite:///{tmp_path}/taken/studies.sqlite")
    at = opened()
    assert any("cannot be kept" in info.value for info in at.info)
    assert not [one for one in at.button if one.label == "Begin"]
