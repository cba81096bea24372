"""Tables of one's own on the Failures page: mapped, refused with a message, stopped and taken up again."""

import io
import threading
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from sparsecbm.errors import InputError
from sparsecbm.failures.panel_own_table import hub_name
from sparsecbm.types import Predictions
from sparsecbm.ui.loaded_model import load_explainer
from tests.app.screen import address, fine, press
from tests.app.test_failures import finding, opened, table
from tests.data.releases import toy_rows, write

MINE = "Text;stars;food;day\nGood soup.;5 stars;pos;mon\nBad soup.;1 star;NEG;tue\nOdd.;9;Positive;mon\n=1+1;;;mon\n"

pytestmark = pytest.mark.usefixtures("failures_of_a_tiny_model")


def uploaded(name: str, content: bytes) -> AppTest:
    at = fine(opened(source="own"))
    at.get("file_uploader")[0].set_value((name, content, "text/csv"))
    return at.run()


def test_a_table_is_mapped_read_and_analysed() -> None:
    """Columns and spellings are guessed and shown; what has no meaning is listed by line; formulas are text."""
    at = fine(uploaded("mine.csv", MINE.encode("cp1252")))
    assert next(box.value for box in at.selectbox if box.label == "True rating") == "stars"
    meanings = {box.label: box.value for box in at.selectbox if "(" in box.label}
    assert meanings == {"5 stars (1)": "5", "1 star (1)": "1", "9 (1)": None, "pos (1)": "Positive",
                        "NEG (1)": "Negative", "Positive (1)": "Positive"}
    at = fine(press(at, "Load it"))
    assert "of 2 reviews" in finding(at)
    assert sorted(table(at)["text"]) == ["=1+1", "Bad soup.", "Good soup."]
    assert any(frame.value.get("line", [None])[0] == 4 and "stars is '9'" in frame.value["reason"][0]
               for frame in at.dataframe if "reason" in frame.value)
    assert address(at) == {"source": ["own"]}


def test_what_nobody_annotated_and_labels_that_count_from_elsewhere_are_mapped_and_warned_of() -> None:
    at = fine(uploaded("mine.csv", b"ID,review_text,stars,food\na,Good,4,NA\nb,Bad,0,good\nc,Odd,2,n/a\n"))
    meanings = {box.label: box.value for box in at.selectbox if "(" in box.label}
    assert meanings == {"4 (1)": "5", "0 (1)": "1", "2 (1)": "3", "NA (1)": "", "good (1)": "Positive", "n\\/a (1)": ""}
    assert len(at.warning) == 1 and "0, 2, 4 where 1, 2, 3, 4, 5" in at.warning[0].value.replace("\\", "")
    next(box for box in at.selectbox if box.label == "2 (1)").set_value("2")
    at = fine(press(at, "Load it"))
    assert sorted(zip(table(at)["true"], table(at)["text"], strict=True)) == [
        ("1 star", "Bad"), ("2 stars", "Odd"), ("5 stars", "Good")]


def test_half_characters_in_a_table_break_no_page() -> None:
    at = uploaded("m.jsonl", b'{"text": "a", "stars": "\\ud83d"}\n{"text": "b \\ud83d"}\n{"text": "c", "stars": 5.0}\n')
    at = fine(press(fine(at), "Load it"))
    assert list(table(at)["text"]) == ["c"]


def test_without_truth_the_page_says_what_needs_it() -> None:
    at = fine(press(uploaded("mine.csv", b"text\nGood soup.\nBad soup.\n"), "Load it"))
    assert any("no labels for the rating and the concepts" in one.value for one in at.markdown)
    assert "2 reviews" in finding(at) and "none" in finding(at)
    assert list(table(at).columns) == ["", "predicted", "text", "margin", "tags"]


def test_a_link_to_someone_elses_table_says_what_to_do() -> None:
    at = fine(opened(source="own", true="5"))
    assert [expander.label for expander in at.expander][:1] == ["Load a table"] and not at.dataframe


def zipped(content: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("reviews.csv", content)
    return made.getvalue()


@pytest.mark.parametrize(("name", "content", "said"), [
    ("r.xlsx", zipped(b"0" * 10**6), "is a zip file or an Excel workbook"),
    ("r.csv", zipped(b"0" * 10**7), "not packed. Unpack it"),
    ("r.csv", b"", "the first line names no columns"),
    ("r.csv", b"\x00\x01\x02", "holds NUL bytes"),
    ("r.csv", b"text,text\na,b\n", "names 'text' more than once"),
    ("r.pdf", b"text\na\n", "its name does not say what it is"),
    ("r.parquet", b"PAR1 not a table", "cannot be read as Parquet"),
    ("r.jsonl", b"[1, 2]\n", "holds no JSON object"),
    ("../../r.csv", b'"text\n' + b"a" * 2**24, "the first line cannot be read as CSV"),
])
def test_a_file_that_is_no_table_ends_in_a_message(name: str, content: bytes, said: str) -> None:
    at = uploaded(name, content)
    assert not at.exception and len(at.error) == 1
    message = at.error[0].value.replace("\\", "")
    assert said in message and "/tmp" not in message and not any(button.label == "Load it" for button in at.button)


def test_rows_that_cannot_be_used_are_counted_and_the_others_are_there() -> None:
    content = ("\ufefftext,id\n" + f"{'x' * 100_001},a\nSoup.,b\nSoup again.,b\n,c\n\"open\nSoup,\nGood.,d\n").encode()
    at = fine(press(uploaded("r.csv", content), "Load it"))
    assert "1 review" in finding(at) and len(table(at)) == 1
    reasons = " ".join(next(frame.value["reason"] for frame in at.dataframe if "reason" in frame.value))
    for part in ("allowed: up to 100,000", "came before, in line 3", "text is empty", "not CSV"):
        assert part in reasons, part


@pytest.mark.parametrize("given", ["", "CEBaB", "/etc", "../x/y", "sparsecbm/data", "a/b/c", "hub:a/b", "a/.."])
def test_only_data_sets_of_the_hub_are_fetched(given: str) -> None:
    """A path would open files of the server to its visitors."""
    with pytest.raises(InputError, match="allowed: OWNER/NAME"):
        hub_name(given)


def test_a_folder_of_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARSECBM_DATA", str(write(tmp_path, "dev", toy_rows())))
    at = fine(opened())
    assert [option.split()[0] for option in at.selectbox(key="failures:source").options[1:-1]] == ["dev"]
    at = fine(at.selectbox(key="failures:source").set_value("folder-dev").run())
    assert len(table(at)) == 4 and address(at) == {"source": ["folder-dev"]}
    monkeypatch.setenv("SPARSECBM_DATA", str(tmp_path / "nowhere"))
    at = opened(source="folder-dev")
    assert not at.exception and "There is no folder or zip file" in at.error[0].value


def test_a_stopped_prediction_is_taken_up_again(monkeypatch: pytest.MonkeyPatch) -> None:
    explainer, entered, leave = load_explainer(), threading.Event(), threading.Event()
    predict, sizes = explainer.predict_texts, list[int]()

    def slow(texts: Sequence[str], changes: tuple[()], progress: object) -> Predictions:
        assert callable(progress)
        sizes.append(len(texts))
        if len(sizes) == 2:
            entered.set()
            assert leave.wait(60)
            progress(0.5)
        return predict(texts, changes, lambda share: None)

    monkeypatch.setattr(explainer, "predict_texts", slow)
    monkeypatch.setattr("sparsecbm.batch.compute_store.WINDOW", 2)
    monkeypatch.setattr("sparsecbm.ui.tasks.PATIENCE", 0.0)
    rows = "".join(f"Soup number {number} of a stopped table.\n" for number in range(5))
    at = press(uploaded("r.csv", f"text\n{rows}".encode()), "Load it")
    assert entered.wait(60)
    at = fine(press(at.run(), "Cancel"))
    leave.set()
    said = next(one.value for one in at.markdown if "Stopped" in one.value)
    assert "2 of 5 reviews" in said
    assert not any("margin" in frame.value for frame in at.dataframe)
    at, job = press(at, "Run again"), at.session_state["failures:job"]
    with job._changed:
        assert job._changed.wait_for(lambda: not job._pending(), 60)
    at = fine(at.run())
    assert len(table(at)) == 5 and sizes == [2, 2, 2, 1]
